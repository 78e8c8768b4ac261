//! Each rule of what a step means, and the order in which the rules count.

use super::super::{Wanted, mark, witness};
use super::*;
use crate::settlement::Tally;
use contract::ids::{AddressId, EntryId, Nonce, Sequence, UserId};
use contract::ledger::SaleKind;
use contract::record::Unreadable;

const SALE: SaleId = SaleId(7);

fn order(user: u64, nonce: u8, quantity: u16) -> Order {
    Order {
        user: UserId(user),
        nonce: Nonce([nonce; 16]),
        quantity,
        address: AddressId(0),
        message: String::new(),
    }
}

fn orders_of(sale: SaleId, offset: i64, generation: u32, orders: Vec<Order>) -> Logged {
    logged(
        offset,
        Record::Orders(Batch {
            sale,
            entry: EntryId { generation: Generation(generation), sequence: Sequence(offset as u64) },
            price_minor: 100,
            terms_version: 1,
            reserved_at_ms: 1,
            orders,
        }),
    )
}

fn orders(offset: i64, generation: u32, orders: Vec<Order>) -> Logged {
    orders_of(SALE, offset, generation, orders)
}

fn barrier(offset: i64, generation: u32) -> Logged {
    logged(offset, Record::Barrier { sale: SALE, generation: Generation(generation) })
}

fn logged(offset: i64, record: Record) -> Logged {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    Logged { offset, appended_at_ms: 0, bytes, record: Ok(record) }
}

fn facts(free: u64, per_user_max: u32) -> Facts {
    let sale = SaleFacts {
        kind: SaleKind::Goods,
        state: SaleState::Open,
        settled_generation: Generation(1),
        free,
        per_user_max,
        active: Default::default(),
    };
    Facts { sales: [(SALE, sale)].into(), ..Facts::default() }
}

fn settled(plan: &Plan<'_>) -> Vec<u8> {
    plan.records().flat_map(|(_, record)| record.orders.iter().map(|order| order.nonce.0[0])).collect()
}

fn reasons<'p>(plan: &'p Plan<'_>) -> Vec<(i64, u32, &'p str)> {
    plan.letters.iter().map(|letter| (letter.offset, letter.units, letter.reason.as_str())).collect()
}

#[test]
fn orders_settle_in_log_order_and_take_their_units() {
    let records = [orders(3, 1, vec![order(1, 1, 2), order(2, 2, 1)]), orders(5, 1, vec![order(3, 3, 1)])];
    let plan = plan(&records, facts(10, 5), false).unwrap();
    assert_eq!(settled(&plan), [1, 2, 3]);
    let sale = &plan.sales[&SALE];
    assert_eq!((sale.taken, sale.settled_generation), (4, Generation(1)));
    assert_eq!(sale.records.iter().map(|record| record.taken).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(sale.records[0].cause, Nonce([1; 16]));
    assert_eq!(witness(&records), Some((5, Nonce([3; 16]))));
    assert_eq!(plan.tally, Tally { orders: 3, ..Tally::default() });
}

#[test]
fn a_barrier_voids_what_comes_after_it_and_nothing_before() {
    let records = [
        orders(1, 1, vec![order(1, 1, 1)]),
        barrier(2, 2),
        orders(3, 1, vec![order(2, 2, 1), order(3, 3, 1)]),
        orders(4, 2, vec![order(4, 4, 1)]),
        barrier(5, 1),
        orders(6, 2, vec![order(5, 5, 1)]),
    ];
    let plan = plan(&records, facts(10, 1), false).unwrap();
    assert_eq!(settled(&plan), [1, 4, 5]);
    assert_eq!(plan.sales[&SALE].settled_generation, Generation(2));
    assert_eq!(plan.tally, Tally { orders: 3, void: 2, ..Tally::default() });
}

#[test]
fn a_barrier_alone_changes_the_generation_only() {
    let records = [barrier(1, 4)];
    let plan = plan(&records, facts(10, 1), false).unwrap();
    let sale = &plan.sales[&SALE];
    assert_eq!((sale.settled_generation, sale.taken, sale.records.len()), (Generation(4), 0, 0));
    assert_eq!(witness(&records), Some((1, mark(&barrier(1, 4)).unwrap())));
}

#[test]
fn a_record_appended_again_at_its_offset_is_another_witness() {
    for first in [orders(7, 1, vec![order(1, 1, 1)]), barrier(7, 1)] {
        let again = Logged { appended_at_ms: 1, ..first.clone() };
        assert_ne!(mark(&first), mark(&again));
        assert_eq!(mark(&first), mark(&first.clone()));
    }
}

#[test]
fn a_token_settles_once_whether_the_ledger_or_this_step_had_it() {
    let mut facts = facts(10, 5);
    facts.tokens.insert((SALE, Nonce([1; 16])), Some(UserId(1)));
    facts.tokens.insert((SALE, Nonce([9; 16])), None);
    let records = [
        orders(1, 1, vec![order(1, 1, 1), order(2, 2, 1), order(9, 9, 1)]),
        orders(2, 1, vec![order(2, 2, 1), order(1, 1, 1)]),
    ];
    let plan = plan(&records, facts, false).unwrap();
    assert_eq!(settled(&plan), [2]);
    assert_eq!(plan.sales[&SALE].taken, 1);
    assert_eq!(plan.sales[&SALE].records[0].cause, Nonce([2; 16]));
    assert_eq!(plan.tally, Tally { orders: 1, known: 4, ..Tally::default() });
}

#[test]
fn units_go_to_whoever_stands_earlier_and_a_record_may_be_buried_in_part() {
    let records = [orders(1, 1, vec![order(1, 1, 2), order(2, 2, 2), order(3, 3, 1)])];
    let poison = plan(&records, facts(3, 5), false).unwrap_err();
    assert_eq!((poison.offset, poison.reason.as_str()), (1, "no units left"));
    let plan = plan(&records, facts(3, 5), true).unwrap();
    assert_eq!(settled(&plan), [1, 3]);
    assert_eq!(reasons(&plan), [(1, 0, "no units left")]);
    assert_eq!(plan.sales[&SALE].taken, 3);
    assert_eq!(plan.tally, Tally { orders: 2, dead: 1, ..Tally::default() });
}

#[test]
fn a_letter_holds_the_order_alone_as_a_record() {
    let records = [orders(1, 1, vec![order(1, 1, 2), order(2, 2, 2)])];
    let plan = plan(&records, facts(2, 5), true).unwrap();
    let Ok(Record::Orders(batch)) = Record::decode(&plan.letters[0].bytes) else { panic!("not a record") };
    assert_eq!(batch.orders, [order(2, 2, 2)]);
    assert_eq!((batch.sale, batch.entry.generation), (SALE, Generation(1)));
}

#[test]
fn active_units_count_against_the_limit_and_a_letter_over_it_holds_its_units() {
    let mut facts = facts(10, 3);
    facts.sales.get_mut(&SALE).unwrap().active.insert(UserId(1), 2);
    let records = [
        orders(1, 1, vec![order(1, 1, 2), order(1, 2, 1), order(1, 3, 1)]),
        orders(2, 1, vec![order(2, 4, 3), order(2, 5, 1), order(1, 1, 2)]),
    ];
    let plan = plan(&records, facts, true).unwrap();
    assert_eq!(settled(&plan), [2, 4]);
    let over = "over the buyer's limit";
    assert_eq!(reasons(&plan), [(1, 2, over), (1, 1, over), (2, 1, over)]);
    // The cause is the first token that takes units, buried or not; the buried one is known later on.
    let sale = &plan.sales[&SALE];
    assert_eq!(sale.records[0].cause, Nonce([1; 16]));
    assert_eq!((sale.taken, sale.records[0].taken, sale.records[1].taken), (8, 4, 4));
    assert_eq!(plan.tally, Tally { orders: 2, known: 1, dead: 3, void: 0 });
}

#[test]
fn what_nobody_can_settle_is_buried() {
    let unknown = SaleId(8);
    let unreadable =
        Logged { offset: 1, appended_at_ms: 0, bytes: vec![9, 9], record: Err(Unreadable::Version) };
    let records = [
        unreadable,
        logged(2, Record::Control { sale: SALE, generation: Generation(2) }),
        logged(3, Record::Barrier { sale: unknown, generation: Generation(2) }),
        orders_of(unknown, 4, 1, vec![order(1, 1, 1), order(2, 2, 1)]),
        orders_of(unknown, 5, 1, vec![order(1, 1, 1)]),
        orders(6, 1, vec![order(1, 1, 1)]),
    ];
    for record in &records[..5] {
        assert!(plan(std::slice::from_ref(record), facts(10, 1), false).is_err(), "{}", record.offset);
    }
    let plan = plan(&records, facts(10, 1), true).unwrap();
    assert_eq!(settled(&plan), [1]);
    assert_eq!(
        reasons(&plan),
        [
            (1, 0, "unreadable: record version is unknown"),
            (2, 0, "a control record in the order log"),
            (3, 0, "unknown sale"),
            (4, 0, "unknown sale"),
            (4, 0, "unknown sale"),
        ]
    );
    assert_eq!((plan.letters[0].sale, &plan.letters[0].bytes), (SaleId(0), &vec![9, 9]));
    assert_eq!(plan.tally, Tally { orders: 1, known: 1, dead: 5, void: 0 });
}

#[test]
fn a_record_that_is_buried_whole_is_buried_once() {
    let records = [Logged { offset: 1, appended_at_ms: 0, bytes: vec![9], record: Err(Unreadable::Length) }];
    let facts = Facts { buried: [1].into(), ..facts(10, 1) };
    let plan = plan(&records, facts, false).unwrap();
    assert_eq!((plan.letters.len(), plan.tally.known), (0, 1));
}

#[test]
fn a_draft_an_impossible_price_and_a_foreign_token_are_buried() {
    let mut draft = facts(10, 1);
    draft.sales.get_mut(&SALE).unwrap().state = SaleState::Draft;
    let records = [orders(1, 1, vec![order(1, 1, 1)])];
    assert_eq!(reasons(&plan(&records, draft, true).unwrap()), [(1, 0, "sale is not armed")]);

    let mut dear = orders(1, 1, vec![order(1, 1, 2)]);
    if let Ok(Record::Orders(batch)) = &mut dear.record {
        batch.price_minor = i64::MAX;
    }
    let dear = [dear];
    let priced = plan(&dear, facts(10, 2), true).unwrap();
    assert_eq!(reasons(&priced), [(1, 2, "price out of range")]);
    assert_eq!(priced.sales[&SALE].taken, 2);

    let twice = [orders(1, 1, vec![order(1, 1, 1), order(2, 1, 1), order(2, 1, 1)])];
    let foreign = plan(&twice, facts(10, 2), true).unwrap();
    assert_eq!(reasons(&foreign), [(1, 0, "token of another buyer")]);
    assert_eq!(foreign.tally, Tally { orders: 1, known: 1, dead: 1, void: 0 });
}

#[test]
fn a_step_wants_each_token_of_a_buyer_once_and_offsets_of_what_may_be_buried_whole() {
    let records = [
        orders(1, 1, vec![order(1, 1, 1), order(1, 2, 1)]),
        orders(2, 1, vec![order(1, 2, 1)]),
        barrier(3, 2),
        Logged { offset: 4, appended_at_ms: 0, bytes: vec![], record: Err(Unreadable::Length) },
    ];
    let wanted = Wanted::by(&records);
    assert_eq!(wanted.sales[&SALE], [(UserId(1), Nonce([1; 16])), (UserId(1), Nonce([2; 16]))]);
    assert_eq!(wanted.offsets, [3, 4]);
}
