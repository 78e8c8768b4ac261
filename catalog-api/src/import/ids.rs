//! A set of ids in bounded memory: a bit each, in pieces where there are any. A million ids in a row take
//! an eighth of a megabyte.

use std::collections::HashMap;

const WORDS: usize = 1024;
const PIECE: u64 = 64 * WORDS as u64;

/// The set.
#[derive(Debug, Default)]
pub struct Ids(HashMap<u64, Box<[u64; WORDS]>>);

impl Ids {
    /// Puts one in.
    pub fn add(&mut self, id: u64) {
        let (piece, word, bit) = place(id);
        self.0.entry(piece).or_insert_with(|| Box::new([0; WORDS]))[word] |= bit;
    }

    /// Takes one out.
    pub fn remove(&mut self, id: u64) {
        let (piece, word, bit) = place(id);
        if let Some(words) = self.0.get_mut(&piece) {
            words[word] &= !bit;
        }
    }

    /// Whether it is in.
    pub fn has(&self, id: u64) -> bool {
        let (piece, word, bit) = place(id);
        self.0.get(&piece).is_some_and(|words| words[word] & bit != 0)
    }
}

fn place(id: u64) -> (u64, usize, u64) {
    // The remainders fit in any number.
    (id / PIECE, (id % PIECE / 64) as usize, 1 << (id % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in() {
        let mut ids = Ids::default();
        let some = [0, 1, 63, 64, PIECE - 1, PIECE, u64::from(u32::MAX), u64::MAX];
        some.iter().for_each(|id| ids.add(*id));
        assert!(some.iter().all(|id| ids.has(*id)));
        assert!([2, 65, PIECE + 1, u64::MAX - 1].iter().all(|id| !ids.has(*id)));
        ids.remove(64);
        ids.remove(7 * PIECE);
        assert!(!ids.has(64) && ids.has(63));
    }
}
