//! Replies of the scripts: raw values, the same from both desks, read into the port's types.
//!
//! A reply begins with a word and the tag of its call. Whatever is unknown in it is a fault, never a
//! default, and a reply that cannot be read says nothing about what the script did.

pub(super) mod purchases;
pub(super) mod upkeep;

use super::Reply;
use contract::ids::Generation;
use std::str::FromStr;

/// A value as Redis replies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    Nil,
    Int(i64),
    Bytes(Vec<u8>),
    List(Vec<Raw>),
}

/// Why a reply cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("the reply belongs to another call")]
    Tag,
    #[error("the reply begins with the unknown word {0:?}")]
    Word(String),
    #[error("the reply holds the unknown code {0:?}")]
    Code(char),
    #[error("the reply is malformed: {0}")]
    Shape(&'static str),
}

/// A reply behind its word and tag.
#[derive(Debug)]
pub(super) struct Fields {
    word: Vec<u8>,
    rest: std::vec::IntoIter<Raw>,
}

impl Fields {
    pub(super) fn open(reply: Raw, tag: &str) -> Result<Self, Unreadable> {
        let mut rest = list(reply)?.into_iter();
        let word = rest.next().map(bytes).ok_or(Unreadable::Shape("empty"))??;
        let echo = rest.next().map(bytes).ok_or(Unreadable::Tag)??;
        if echo != tag.as_bytes() {
            return Err(Unreadable::Tag);
        }
        Ok(Self { word, rest })
    }

    /// For the scripts whose third field is the generation and whose words are the usual three: what
    /// `done` reads from the rest, once the word is "ok".
    fn usual<T>(
        mut self,
        done: impl FnOnce(Generation, &mut Self) -> Result<T, Unreadable>,
    ) -> Result<Reply<T>, Unreadable> {
        let generation = Generation(self.number()?);
        match &*self.word {
            b"ok" => {
                let value = done(generation, &mut self)?;
                if self.rest.next().is_some() {
                    return Err(Unreadable::Shape("too long"));
                }
                Ok(Reply::Done(value))
            }
            b"absent" => Ok(Reply::Absent),
            b"generation" => Ok(Reply::OtherGeneration(generation)),
            _ => Err(self.unknown_word()),
        }
    }

    fn unknown_word(&self) -> Unreadable {
        Unreadable::Word(String::from_utf8_lossy(&self.word).into_owned())
    }

    fn next(&mut self) -> Result<Raw, Unreadable> {
        self.rest.next().ok_or(Unreadable::Shape("too short"))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Unreadable> {
        bytes(self.next()?)
    }

    fn list(&mut self) -> Result<Vec<Raw>, Unreadable> {
        list(self.next()?)
    }

    fn number<T: FromStr>(&mut self) -> Result<T, Unreadable> {
        number(&self.bytes()?)
    }
}

fn bytes(value: Raw) -> Result<Vec<u8>, Unreadable> {
    match value {
        Raw::Bytes(bytes) => Ok(bytes),
        Raw::Nil | Raw::Int(_) | Raw::List(_) => Err(Unreadable::Shape("text expected")),
    }
}

fn list(value: Raw) -> Result<Vec<Raw>, Unreadable> {
    match value {
        Raw::List(values) => Ok(values),
        Raw::Nil | Raw::Int(_) | Raw::Bytes(_) => Err(Unreadable::Shape("list expected")),
    }
}

fn number<T: FromStr>(text: &[u8]) -> Result<T, Unreadable> {
    let text = std::str::from_utf8(text).map_err(|_| Unreadable::Shape("number expected"))?;
    text.parse().map_err(|_| Unreadable::Shape("number expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(words: &[&str]) -> Raw {
        Raw::List(words.iter().map(|word| Raw::Bytes(word.as_bytes().to_vec())).collect())
    }

    fn close(words: &[&str]) -> Result<Reply<u64>, Unreadable> {
        upkeep::close(Fields::open(reply(words), "t1")?)
    }

    #[test]
    fn the_three_usual_words_are_read() {
        assert_eq!(close(&["ok", "t1", "3", "41", "7"]), Ok(Reply::Done(7)));
        assert_eq!(close(&["absent", "t1", "0", "0", "0"]), Ok(Reply::Absent));
        let other = Reply::OtherGeneration(Generation(4));
        assert_eq!(close(&["generation", "t1", "4", "0", "0"]), Ok(other));
    }

    #[test]
    fn a_reply_to_another_call_is_not_read() {
        assert_eq!(close(&["ok", "t2", "3", "41", "7"]), Err(Unreadable::Tag));
        assert_eq!(close(&["ok"]), Err(Unreadable::Tag));
    }

    #[test]
    fn unknown_words_and_shapes_are_no_default() {
        assert_eq!(close(&["fine", "t1", "3", "41", "7"]), Err(Unreadable::Word("fine".into())));
        for words in [
            ["ok", "t1", "3", "41"].as_slice(),
            &["ok", "t1", "3", "41", "7", "8"],
            &["ok", "t1", "3", "x", "7"],
            &["ok", "t1", "3", "41", "-7"],
            &["ok", "t1", "3", "41", ""],
            &[],
        ] {
            assert!(matches!(close(words), Err(Unreadable::Shape(_))), "{words:?}");
        }
        assert!(Fields::open(Raw::Nil, "t1").is_err());
        assert!(Fields::open(Raw::List(vec![Raw::Int(1), Raw::Int(2)]), "t1").is_err());
    }
}
