//! A ledger to try, with the hands of everybody else who writes to it.

use contract::ids::{AddressId, EntryId, Generation, Nonce, OrderSn, SaleId, Sequence, UserId};
use contract::ledger::{SaleKind, SaleState};
use contract::record::{Batch, Order, Record, Unreadable};
use engine::fault::{Effect, Fault};
use engine::handoff::Logged;
use engine::reservation::{DeskIdentity, Terms};
use engine::settlement::{Ledger, LedgerBooks, Position, Reached, Sale, Settled, Step, Tally};
use std::time::{Duration, Instant};

/// Identity of the log in these tests.
pub(super) const LOG: &str = "log-a";
/// Units of a resource outside of any sale, at the beginning.
pub(super) const STOCK: i64 = 1000;
/// What the ledgers are configured with.
pub(super) const UNSETTLED_MAX: u32 = 77;

/// A ledger with everybody else who writes to it.
pub(super) trait Bench: Sync {
    type L: Ledger;

    fn ledger(&self) -> &Self::L;
    /// Adds a sale with resources of the sale's own id, each with [`STOCK`] units.
    async fn add_sale(&self, sale: &Sale);
    async fn pay(&self, sn: OrderSn);
    async fn lapse(&self, sn: OrderSn);
    async fn ask_change(&self, sale: SaleId, delta: i64) -> u64;
    /// Units outside of any sale of what this one sells.
    async fn resource(&self, sale: SaleId) -> i64;
    /// Sales that were added.
    fn added(&self) -> Vec<SaleId>;

    /// The law, for every sale.
    async fn assert_books(&self) {
        for sale in self.added() {
            let books = self.books(sale).await;
            let LedgerBooks { put_on_sale, free, unpaid, paid, returning, dead, given_back, .. } = books;
            assert!(free >= 0, "{sale}: {books:?}");
            assert_eq!(
                free + unpaid + paid + returning + dead + given_back,
                put_on_sale,
                "{sale}: {books:?}"
            );
            assert_eq!(books.moved, free - put_on_sale, "{sale}: {books:?}");
            assert_eq!((books.buyers_over_limit, books.rows_missing), (0, 0), "{sale}: {books:?}");
        }
    }

    async fn books(&self, sale: SaleId) -> LedgerBooks {
        self.ledger().books(sale).await.unwrap().unwrap()
    }

    async fn state(&self, sale: SaleId) -> SaleState {
        self.sale(sale).await.state
    }

    async fn sale(&self, id: SaleId) -> Sale {
        let sales = self.ledger().sales().await.unwrap().sales;
        sales.into_iter().find(|sale| sale.id == id).unwrap()
    }

    /// Settles records from where partition 0 is to behind the last of them.
    async fn settle(&self, records: &[Logged]) -> Tally {
        match self.try_settle(records, false).await.unwrap() {
            Settled::Done(tally) => tally,
            Settled::Fenced => panic!("fenced"),
        }
    }

    /// The same, burying what cannot settle.
    async fn bury(&self, records: &[Logged]) -> Tally {
        match self.try_settle(records, true).await.unwrap() {
            Settled::Done(tally) => tally,
            Settled::Fenced => panic!("fenced"),
        }
    }

    async fn try_settle(&self, records: &[Logged], bury: bool) -> Result<Settled, Fault> {
        let (from, after) = self.at().await;
        let to = records.iter().map(|record| record.offset + 1).max().unwrap_or(from).max(from);
        self.ledger().settle(&Step { partition: 0, log: LOG, from, after, to, records, bury }).await
    }

    /// Where partition 0 is.
    async fn next(&self) -> i64 {
        self.at().await.0
    }

    /// The same, with its witness.
    async fn at(&self) -> Reached {
        match self.ledger().position(0, LOG).await.unwrap() {
            Position::At { next, witness } => (next, witness),
            Position::Foreign(log) => panic!("position in {log}"),
        }
    }

    async fn known(&self, sale: SaleId, nonces: &[u32]) -> Vec<bool> {
        let nonces: Vec<_> = nonces.iter().map(|&n| nonce(n)).collect();
        self.ledger().known(sale, &nonces).await.unwrap()
    }
}

/// A sale of goods that is open in generation 1.
pub(super) fn sale(id: u64, units: u64) -> Sale {
    Sale {
        id: SaleId(id),
        name: format!("sale {id}"),
        kind: SaleKind::Goods,
        goods_id: id,
        sku_id: id,
        coupon_id: 0,
        ticket_type_id: 0,
        pic_url: "/sale.png".into(),
        state: SaleState::Open,
        terms: Terms {
            version: 1,
            starts_at_ms: 1_700_000_000_000,
            ends_at_ms: 1_900_000_000_000,
            price_minor: 990,
            per_order_max: 2,
            per_user_max: 4,
            cooldown_s: 0,
            token_ttl_s: 90,
            token_multiplier: 5,
            unsettled_max: UNSETTLED_MAX,
        },
        pay_within_s: 900,
        min_user_level: 0,
        put_on_sale: units,
        free: units,
        generation: Generation(1),
        settled_generation: Generation(1),
        desk_generation: Generation(1),
        desk: DeskIdentity("desk-a".into()),
    }
}

/// A sale of another kind.
pub(super) fn sale_of(kind: SaleKind, id: u64, units: u64) -> Sale {
    let of = |kinds| if kind == kinds { id } else { 0 };
    Sale {
        kind,
        goods_id: of(SaleKind::Goods),
        sku_id: of(SaleKind::Goods),
        coupon_id: of(SaleKind::Coupon),
        ticket_type_id: of(SaleKind::Ticket),
        ..sale(id, units)
    }
}

pub(super) fn nonce(n: u32) -> Nonce {
    let mut bytes = [0xab; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Nonce(bytes)
}

pub(super) fn sn(sale: u64, n: u32) -> OrderSn {
    OrderSn { sale: SaleId(sale), nonce: nonce(n) }
}

/// An order of a token; its user is 1000 + the token's number.
pub(super) fn order(n: u32, quantity: u16) -> Order {
    order_by(1000 + u64::from(n), n, quantity)
}

pub(super) fn order_by(user: u64, n: u32, quantity: u16) -> Order {
    Order {
        user: UserId(user),
        nonce: nonce(n),
        quantity,
        address: AddressId(0),
        message: format!("note {n} ✓"),
    }
}

pub(super) fn batch(sale: u64, generation: u32, orders: Vec<Order>) -> Batch {
    Batch {
        sale: SaleId(sale),
        entry: EntryId { generation: Generation(generation), sequence: Sequence(1 << 40) },
        price_minor: 990,
        terms_version: 1,
        reserved_at_ms: 1_700_000_000_500,
        orders,
    }
}

/// A record of generation 1 at the price of 9.90.
pub(super) fn orders(offset: i64, sale: u64, orders: Vec<Order>) -> Logged {
    logged(offset, Record::Orders(batch(sale, 1, orders)))
}

pub(super) fn barrier(offset: i64, sale: u64, generation: u32) -> Logged {
    logged(offset, Record::Barrier { sale: SaleId(sale), generation: Generation(generation) })
}

pub(super) fn logged(offset: i64, record: Record) -> Logged {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    Logged { offset, appended_at_ms: 0, bytes, record: Ok(record) }
}

pub(super) fn unreadable(offset: i64) -> Logged {
    Logged { offset, appended_at_ms: 0, bytes: vec![9, 9, 9], record: Err(Unreadable::Version) }
}

pub(super) fn tally(orders: u64, known: u64, void: u64, dead: u64) -> Tally {
    Tally { orders, known, void, dead }
}

/// Fails unless the fault says that nothing happened.
pub(super) fn nothing_happened<T: std::fmt::Debug>(result: Result<T, Fault>) -> Fault {
    let fault = result.unwrap_err();
    assert_eq!(fault.effect, Effect::None, "{fault}");
    fault
}

/// Waits for a condition, at most ten seconds.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(10), "still waiting: {what}");
        // The server shows its transactions anew only when nobody looked for 100 ms.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
