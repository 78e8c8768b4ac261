//! The ledger over maps.

use super::bench::{Bench, STOCK, UNSETTLED_MAX};
use contract::ids::{OrderSn, SaleId};
use contract::ledger::SaleKind;
use engine::clock::SystemClock;
use engine::settlement::Sale;
use engine::settlement::memory::MemoryLedger;
use std::sync::Mutex;

pub(super) struct MemoryBench {
    ledger: MemoryLedger<SystemClock>,
    added: Mutex<Vec<SaleId>>,
}

impl MemoryBench {
    pub(super) fn new() -> Self {
        Self { ledger: MemoryLedger::new(SystemClock::default(), UNSETTLED_MAX), added: Mutex::default() }
    }
}

impl Bench for MemoryBench {
    type L = MemoryLedger<SystemClock>;

    fn ledger(&self) -> &Self::L {
        &self.ledger
    }

    async fn add_sale(&self, sale: &Sale) {
        for &kind in SaleKind::ALL {
            self.ledger.set_resource(kind, sale.id.0, STOCK);
        }
        self.ledger.add_sale(sale.clone());
        self.added.lock().unwrap().push(sale.id);
    }

    async fn pay(&self, sn: OrderSn) {
        assert!(self.ledger.pay(sn));
    }

    async fn lapse(&self, sn: OrderSn) {
        assert!(self.ledger.lapse(sn));
    }

    async fn ask_change(&self, sale: SaleId, delta: i64) -> u64 {
        self.ledger.ask_change(sale, delta)
    }

    async fn resource(&self, sale: SaleId) -> i64 {
        self.ledger.resource(sale)
    }

    fn added(&self) -> Vec<SaleId> {
        self.added.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_ledger_can_go_back_to_how_it_stood() {
    use super::bench::{order, orders, sale, sn, tally};

    let bench = MemoryBench::new();
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[orders(0, 1, vec![order(1, 1)])]).await;
    let earlier = bench.ledger.save();
    bench.settle(&[orders(1, 1, vec![order(2, 2)])]).await;
    bench.lapse(sn(1, 1)).await;
    assert_eq!(bench.books(SaleId(1)).await.free, 7);

    bench.ledger.restore(&earlier);
    assert_eq!(bench.next().await, 1);
    assert_eq!(bench.settle(&[orders(1, 1, vec![order(2, 2)])]).await, tally(1, 0, 0, 0));
    assert_eq!(bench.books(SaleId(1)).await.unpaid, 3);
    bench.assert_books().await;
}
