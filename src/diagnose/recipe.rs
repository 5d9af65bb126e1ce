//! Finds out how a password was made, by trying the known mistakes.
//!
//! A MAC does not match by chance, so the first match is the answer. For each secret, the search
//! tries all its forms × all texts that may have been signed × all constructions, with each hash
//! whose length the decoded password has.

use core::iter;

use alloc::vec::Vec;

use crate::diagnose::encoding::Candidate;
use crate::diagnose::finding::Finding;
use crate::diagnose::hash::{Construction, Hash};
use crate::diagnose::secret_form::SecretForm;
use crate::diagnose::signed::Signed;
use crate::diagnose::verdict::Verdict;
use crate::wiped::WipedBytes;

/// How a password was made.
pub(crate) struct Recipe {
    pub(crate) secret: usize,
    form: Option<SecretForm>,
    signed: Signed,
    construction: Construction,
    /// The findings about the encoding of the MAC, and about the hash.
    password: Vec<Finding>,
}

impl Recipe {
    /// Searches for the recipe. If there is none, the error holds what the password alone reveals.
    pub(crate) fn find(
        username: &str,
        separator: char,
        password: &str,
        secrets: &[&[u8]],
    ) -> Result<Self, Vec<Finding>> {
        let candidates = Candidate::all(password);
        let messages = Signed::all(username, separator);
        // HMAC pads a key with zero bytes, so a secret of zero bytes gives the same MACs as an
        // empty secret. Try empty secrets last.
        let (empty, others): (Vec<_>, Vec<_>) =
            secrets.iter().enumerate().partition(|(_, secret)| secret.is_empty());
        let as_given = others.into_iter().chain(empty);
        let as_given = as_given.map(|(at, secret)| (at, None, WipedBytes(secret.to_vec())));
        let formed = secrets.iter().enumerate().flat_map(|(at, secret)| {
            let key = move |form: SecretForm| Some((at, Some(form), form.key(secret)?));
            SecretForm::ALL.into_iter().filter_map(key)
        });
        let used = |hash: &Hash| candidates.iter().any(|candidate| candidate.hash() == *hash);
        let hashes: Vec<_> = Hash::ALL.into_iter().filter(used).collect();
        for (secret, form, key) in as_given.chain(formed) {
            for &hash in &hashes {
                for construction in Construction::ALL {
                    for &(signed, ref message) in &messages {
                        let made = hash.of(construction, &key.0, message.as_bytes());
                        let shown = candidates.iter().find(|password| password.shows(hash, &made));
                        if let Some(password) = shown {
                            let password = password.findings().collect();
                            return Ok(Self { secret, form, signed, construction, password });
                        }
                    }
                }
            }
        }
        // Ignore truncated MACs: a static user's password may happen to be base64 of a few bytes.
        let is_whole = |candidate: &&Candidate| !candidate.is_truncated();
        let guess =
            candidates.iter().find(is_whole).map(|candidate| candidate.findings().collect());
        Err(guess.unwrap_or_else(|| Vec::from([Finding::NotMade])))
    }

    /// Corrects the findings about the username, now that it is known what was signed: coturn may
    /// accept a disguised username only if the disguise was signed too.
    pub(crate) fn correct(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let Signed::Undisguised(signed) = self.signed else { return findings };
        let is_other = |finding: &Finding| !matches!(finding, Finding::Disguised { .. });
        let verdict = match findings.iter().map(Finding::verdict).min() {
            Some(Verdict::BadRequest) => Verdict::BadRequest,
            _ => Verdict::Unauthorized,
        };
        let disguised = iter::once(Finding::Disguised { how: signed, verdict });
        disguised.chain(findings.into_iter().filter(is_other)).collect()
    }

    /// What is wrong with the password. Empty if it is right.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let &Self { secret, form, signed, construction, ref password } = self;
        let form = form.map(|form| Finding::Secret { secret, form });
        let named = matches!(signed, Signed::Username | Signed::Undisguised(_));
        let signed = (!named).then_some(Finding::Signed(signed));
        let construction =
            (construction != Construction::Hmac).then_some(Finding::Construction(construction));
        let parts = form.into_iter().chain(signed).chain(construction);
        password.iter().copied().chain(parts).collect()
    }
}
