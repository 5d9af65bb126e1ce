//! Leaves out the URIs that browsers refuse, with a note for each.

use turn_credentials::IceLease;

use crate::program::{self, Result};

pub(crate) fn for_browsers(lease: IceLease, unfiltered: bool) -> Result<IceLease> {
    if unfiltered {
        return Ok(lease);
    }
    let note = |uri: &_, why| program::complain(&format!("note: left out {uri}: {why}"));
    Ok(lease.for_browsers(note)?)
}
