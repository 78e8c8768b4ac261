//! Codecs against whatever comes: nothing panics, what was written is read back, and nothing else passes
//! for it.

use contract::ids::{AddressId, EntryId, Generation, Nonce, SaleId, Sequence, UserId};
use contract::record::{Batch, Order, Record};
use contract::token::{Claims, TOKEN_TEXT_BYTES, TokenKeys};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};

fn keys() -> TokenKeys {
    TokenKeys::new([b"a key of the fuzz tests, 32 bytes".as_slice()])
}

fn claims() -> impl Strategy<Value = Claims> {
    (any::<(u64, u64, u32, u32)>(), any::<[u8; 16]>()).prop_map(
        |((sale, user, generation, expires_s), nonce)| Claims {
            sale: SaleId(sale),
            user: UserId(user),
            generation: Generation(generation),
            expires_s,
            nonce: Nonce(nonce),
        },
    )
}

fn order() -> impl Strategy<Value = Order> {
    (any::<u64>(), any::<[u8; 16]>(), 1..=u16::MAX, any::<u64>(), "\\PC{0,120}").prop_map(
        |(user, nonce, quantity, address, message)| Order {
            user: UserId(user),
            nonce: Nonce(nonce),
            quantity,
            address: AddressId(address),
            message,
        },
    )
}

fn batch() -> impl Strategy<Value = Batch> {
    let numbers = (any::<u64>(), any::<u32>(), any::<u64>(), 0..=i64::MAX, any::<u32>(), any::<u64>());
    (numbers, prop::collection::vec(order(), 1..6)).prop_map(
        |((sale, generation, sequence, price_minor, terms_version, reserved_at_ms), orders)| Batch {
            sale: SaleId(sale),
            entry: EntryId { generation: Generation(generation), sequence: Sequence(sequence) },
            price_minor,
            terms_version,
            reserved_at_ms,
            orders,
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    let mark = any::<(u64, u32)>();
    prop_oneof![
        batch().prop_map(Record::Orders),
        mark.prop_map(|(sale, generation)| Record::Barrier {
            sale: SaleId(sale),
            generation: Generation(generation)
        }),
        mark.prop_map(|(sale, generation)| Record::Control {
            sale: SaleId(sale),
            generation: Generation(generation)
        }),
    ]
}

fn bytes_of(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes
}

proptest! {
    #[test]
    fn a_token_says_what_was_signed(claims in claims()) {
        let text = keys().sign(&claims);
        assert_eq!(text.len(), TOKEN_TEXT_BYTES);
        assert_eq!(keys().verify(&text), Some(claims));
    }

    #[test]
    fn a_changed_token_says_nothing(claims in claims(), place in 0..TOKEN_TEXT_BYTES, by in "[A-Za-z0-9_=+/ -]") {
        let mut text = keys().sign(&claims);
        let same = text[place..=place] == by;
        text.replace_range(place..=place, &by);
        assert_eq!(keys().verify(&text).is_some(), same, "{text}");
    }

    #[test]
    fn no_text_is_a_token(text in "\\PC{0,90}", long in "[A-Za-z0-9_-]{76}") {
        assert_eq!(keys().verify(&text), None);
        assert_eq!(keys().verify(&long), None);
    }

    #[test]
    fn a_record_is_read_back(record in record()) {
        assert_eq!(Record::decode(&bytes_of(&record)), Ok(record));
    }

    #[test]
    fn a_record_that_is_cut_or_goes_on_is_no_record(record in record(), cut in any::<prop::sample::Index>(), more in any::<u8>()) {
        let mut bytes = bytes_of(&record);
        assert!(Record::decode(&bytes[..cut.index(bytes.len())]).is_err());
        bytes.push(more);
        assert!(Record::decode(&bytes).is_err());
    }

    #[test]
    fn a_damaged_record_is_refused_or_is_just_what_its_bytes_say(
        record in record(),
        place in any::<prop::sample::Index>(),
        by in any::<u8>(),
    ) {
        let mut bytes = bytes_of(&record);
        let place = place.index(bytes.len());
        bytes[place] = by;
        if let Ok(read) = Record::decode(&bytes) {
            assert_eq!(bytes_of(&read), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0..5_u8) {
        let _ = Record::decode(&bytes);
        if bytes.len() >= 2 {
            (bytes[0], bytes[1]) = (1, kind);
            if let Ok(read) = Record::decode(&bytes) {
                assert_eq!(bytes_of(&read), bytes);
            }
        }
    }
}
