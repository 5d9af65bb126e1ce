//! JSON lines.

use std::io::{self, Write};

use serde::Serialize;

use crate::program::Result;

/// Prints a value on one line.
pub(crate) fn print(value: &impl Serialize, output: &mut dyn Write) -> Result<()> {
    serde_json::to_writer(&mut *output, value).map_err(io::Error::from)?;
    Ok(output.write_all(b"\n")?)
}
