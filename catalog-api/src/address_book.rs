//! A shopper's address book. At most one address is the default; changes of one book follow each other.

use crate::error::{Failure, LOGIN_REQUIRED, Refusal};
use crate::state::App;
use crate::store::address;
use crate::store::address_book::{self, Fields};
use crate::store::retrying;

/// Addresses a book holds at most.
pub const ADDRESSES_MAX: i64 = 100;

/// Adds an address, or changes an own one; its id. 402 for one that is not in the book, or when the book is
/// full.
pub async fn save(app: &App, owner: u64, id: Option<u64>, fields: &Fields) -> Result<u64, Failure> {
    retrying(|| save_once(app, owner, id, fields)).await
}

async fn save_once(app: &App, owner: u64, id: Option<u64>, fields: &Fields) -> Result<u64, Failure> {
    let mut tx = app.db.begin().await?;
    if !address_book::lock_owner(&mut tx, owner).await? {
        return Err(LOGIN_REQUIRED.into());
    }
    match id {
        Some(id) if !address_book::is_own(&mut tx, owner, id).await? => {
            return Err(Refusal::wrong("id").into());
        }
        Some(_) => {}
        None if address::count(&mut tx, owner).await? >= ADDRESSES_MAX => {
            return Err(Refusal::wrong_because("id", "the address book is full").into());
        }
        None => {}
    }
    if fields.is_default {
        address_book::clear_default(&mut tx, owner).await?;
    }
    let id = match id {
        Some(id) => {
            address_book::update(&mut tx, owner, id, fields).await?;
            id
        }
        None => address_book::insert(&mut tx, owner, fields).await?,
    };
    tx.commit().await?;
    Ok(id)
}

/// Whether this is the code of a place in one of the provinces: six digits, of which the first two name
/// the province. The clients carry lists of districts of several years, so a district is not looked up.
pub fn is_area_code(text: &str) -> bool {
    // The provinces of GB/T 2260, and 90, under which the clients' lists have places abroad.
    const PROVINCES: [&str; 35] = [
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
        "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
        "90",
    ];
    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && PROVINCES.contains(&&text[..2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_code_is_six_digits_in_a_province() {
        for text in ["330106", "110101", "820000", "900400"] {
            assert!(is_area_code(text), "{text}");
        }
        for text in ["", "33010", "3301066", "990101", "33010a", "３30106", "-30106"] {
            assert!(!is_area_code(text), "{text}");
        }
    }
}
