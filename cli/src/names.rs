//! Names from a file or stdin, one per line, read as they arrive.

use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use crate::input;
use crate::program::Result;

/// The name on a line, or why it is invalid.
pub(crate) type Name<'a> = std::result::Result<&'a str, &'static str>;

pub(crate) struct Names {
    reader: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    count: u64,
}

impl Names {
    const MAX_LEN: u64 = 64 * 1024;

    pub(crate) fn open(path: &Path) -> Result<Self> {
        const CAPACITY: usize = 64 * 1024;

        let reader = BufReader::with_capacity(CAPACITY, input::open("--names", path)?);
        Ok(Self { reader, line: Vec::new(), count: 0 })
    }

    /// Whether the next line has not arrived yet, so that the output so far should be flushed.
    pub(crate) fn would_wait(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }

    /// The number of lines read so far, which is the number of the last line.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Name<'_>>> {
        let Self { reader, line, count } = self;
        line.clear();
        if reader.by_ref().take(Self::MAX_LEN).read_until(b'\n', line)? == 0 {
            return Ok(None);
        }
        *count += 1;
        let text = match line.strip_suffix(b"\n") {
            Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
            None if line.len() as u64 == Self::MAX_LEN => {
                reader.skip_until(b'\n')?;
                return Ok(Some(Err("the line is over 64 KiB: give one name per line")));
            }
            None => line,
        };
        let text = match count {
            1 => text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text),
            _ => text,
        };
        let not_utf8 = "the name is not UTF-8: save the file as UTF-8";
        Ok(Some(std::str::from_utf8(text).map_err(|_| not_utf8)))
    }
}
