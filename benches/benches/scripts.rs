//! The shipped Lua under mlua, over a keyspace in memory: what the scripts themselves cost, without a
//! network and without a disk.

use contract::ids::{AddressId, Generation, Nonce, SaleId, UserId};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::clock::SystemClock;
use engine::reservation::embedded::EmbeddedDesk;
use engine::reservation::{
    At, Desk, DeskImage, Reply, ReserveCall, ReserveItem, Terms, TokenCall, TokenItem,
};
use std::cell::Cell;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// Units of the sale; more than any run sells.
const UNITS: u64 = 100_000_000;

fn open(runtime: &Runtime, desk: &EmbeddedDesk<SystemClock>) -> At {
    let (sale, generation) = (SaleId(1), Generation(1));
    let terms = Terms {
        version: 1,
        starts_at_ms: 0,
        ends_at_ms: 4_000_000_000_000,
        price_minor: 990,
        per_order_max: 1,
        per_user_max: 1,
        cooldown_s: 0,
        token_ttl_s: 900,
        token_multiplier: 5,
        unsettled_max: 4_000_000_000,
    };
    let image = DeskImage {
        sale,
        generation,
        free: UNITS,
        terms: terms.clone(),
        orders: Vec::new(),
        changes: Vec::new(),
    };
    runtime.block_on(async {
        let Reply::Done(identity) = desk.open(&image).await.expect("the desk answers") else {
            panic!("the desk was not built")
        };
        let at = At { sale, generation, identity };
        let opened = desk.revise(at.clone(), &terms, true).await.expect("the desk answers");
        assert_eq!(opened, Reply::Done(()));
        at
    })
}

fn nonce(user: u64) -> Nonce {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&user.to_be_bytes());
    Nonce(bytes)
}

fn scripts(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let desk = EmbeddedDesk::new(SystemClock::default());
    desk.add_session("all");
    let session: Arc<str> = "all".into();
    let at = open(&runtime, &desk);
    let next = Cell::new(1);
    let users = |size: u64| {
        let first = next.replace(next.get() + size);
        first..first + size
    };
    let tokens = |size: u64| TokenCall {
        at: at.clone(),
        items: users(size)
            .map(|user| TokenItem { user: UserId(user), nonce: nonce(user), session: session.clone() })
            .collect(),
    };
    let mut group = criterion.benchmark_group("lua");
    for size in [1, 64, 256] {
        group.throughput(Throughput::Elements(size));
        group.bench_function(format!("token {size}"), |bench| {
            bench.iter_batched(
                || tokens(size),
                |call| runtime.block_on(desk.token(call)).expect("the desk answers"),
                BatchSize::PerIteration,
            );
        });
        group.bench_function(format!("reserve {size}"), |bench| {
            bench.iter_batched(
                || {
                    let call = tokens(size);
                    let items = call
                        .items
                        .iter()
                        .map(|item| ReserveItem {
                            user: item.user,
                            nonce: item.nonce,
                            token_generation: at.generation,
                            quantity: 1,
                            address: AddressId(0),
                            message: String::new(),
                        })
                        .collect();
                    runtime.block_on(desk.token(call)).expect("the desk answers");
                    ReserveCall { at: at.clone(), items }
                },
                |call| runtime.block_on(desk.reserve(call)).expect("the desk answers"),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(all, scripts);
criterion_main!(all);
