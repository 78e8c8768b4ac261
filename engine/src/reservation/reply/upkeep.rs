//! Replies that concern the desk itself: building, revising, trimming, returning, counting, ending.

use super::{Fields, Unreadable};
use crate::fault::{Fault, System};
use crate::reservation::{Changed, DeskIdentity, Inspection, Reply, Returned};
use contract::ids::Sequence;

/// Reply of `open_sale` and of `load_buyers`.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::reservation) enum Built {
    /// As asked; or a newer generation is there, or nothing is.
    Usual(Reply<()>),
    /// This generation is in use, or another build has begun: it cannot be built by this one.
    InUse,
}

impl Built {
    /// The answer to opening a desk whose last script replied this.
    pub(in crate::reservation) fn finish(self, identity: DeskIdentity) -> Result<Reply<DeskIdentity>, Fault> {
        match self {
            Self::Usual(Reply::Done(())) => Ok(Reply::Done(identity)),
            Self::Usual(Reply::Absent) => Ok(Reply::Absent),
            Self::Usual(Reply::OtherGeneration(generation)) => Ok(Reply::OtherGeneration(generation)),
            Self::Usual(Reply::OtherDesk(desk)) => Ok(Reply::OtherDesk(desk)),
            Self::InUse => Err(Fault::none(
                System::Desk,
                "opening a desk",
                "this generation of the desk is in use, or being built by somebody else; a rebuild needs a newer one",
            )),
        }
    }
}

pub(in crate::reservation) fn build(fields: Fields) -> Result<Built, Unreadable> {
    if fields.word == b"open" {
        return Ok(Built::InUse);
    }
    fields.usual(|_, _| Ok(())).map(Built::Usual)
}

/// Newer terms at the desk are as good as ours: whoever wrote them has revised.
pub(in crate::reservation) fn revise(fields: Fields) -> Result<Reply<()>, Unreadable> {
    if fields.word == b"version" {
        return Ok(Reply::Done(()));
    }
    fields.usual(|_, _| Ok(()))
}

pub(in crate::reservation) fn trim(fields: Fields) -> Result<Reply<()>, Unreadable> {
    fields.usual(|_, fields| fields.number::<u64>().map(drop))
}

pub(in crate::reservation) fn give_back(
    fields: Fields,
    count: usize,
) -> Result<Reply<Vec<Returned>>, Unreadable> {
    fields.usual(|_, fields| {
        fields.number::<u64>()?;
        fields.number::<u64>()?;
        let codes = fields.bytes()?;
        if codes.len() != count {
            return Err(Unreadable::Shape("not one code an item"));
        }
        let returned = |code: &u8| match code {
            b'+' => Ok(Returned::Now),
            b'=' => Ok(Returned::Before),
            b'?' => Ok(Returned::Unknown),
            unknown => Err(Unreadable::Code(char::from(*unknown))),
        };
        codes.iter().map(returned).collect()
    })
}

pub(in crate::reservation) fn change(fields: Fields) -> Result<Reply<Changed>, Unreadable> {
    fields.usual(|_, fields| {
        fields.number::<u64>()?;
        fields.number::<u64>()?;
        match &*fields.bytes()? {
            b"+" => Ok(Changed::Now),
            b"=" => Ok(Changed::Before),
            b"o" => Ok(Changed::TooFew),
            unknown => Err(Unreadable::Word(String::from_utf8_lossy(unknown).into_owned())),
        }
    })
}

/// The units left.
pub(in crate::reservation) fn close(fields: Fields) -> Result<Reply<u64>, Unreadable> {
    fields.usual(|_, fields| {
        fields.number::<u64>()?;
        fields.number()
    })
}

pub(in crate::reservation) fn inspect(fields: Fields) -> Result<Reply<Inspection>, Unreadable> {
    fields.usual(|generation, fields| {
        let sequence = Sequence(fields.number()?);
        let (open, over) = match &*fields.bytes()? {
            b"open" => (true, false),
            b"closed" => (false, false),
            b"over" => (false, true),
            unknown => return Err(Unreadable::Word(String::from_utf8_lossy(unknown).into_owned())),
        };
        Ok(Inspection {
            generation,
            sequence,
            open,
            over,
            free: fields.number()?,
            unsettled: fields.number()?,
            live_tokens: fields.number()?,
            entries: fields.number()?,
            now_ms: fields.number()?,
            version: fields.number()?,
        })
    })
}

/// Whether the token was used.
pub(in crate::reservation) fn find(fields: Fields) -> Result<Reply<bool>, Unreadable> {
    fields.usual(|_, fields| match &*fields.bytes()? {
        b"A" | b"R" => Ok(true),
        b"-" => Ok(false),
        unknown => Err(Unreadable::Word(String::from_utf8_lossy(unknown).into_owned())),
    })
}

/// Whether the keys are gone.
pub(in crate::reservation) fn archive(fields: Fields) -> Result<bool, Unreadable> {
    match &*fields.word {
        b"ok" => Ok(true),
        b"generation" | b"open" | b"unsettled" => Ok(false),
        _ => Err(fields.unknown_word()),
    }
}
