//! What crosses a process, per piece: signing and reading a purchase token, writing and reading a batch
//! of the order log.

use contract::ids::{AddressId, EntryId, Generation, Nonce, SaleId, Sequence, UserId};
use contract::record::{Batch, Order, Record};
use contract::token::{Claims, TokenKeys};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn tokens(criterion: &mut Criterion) {
    let keys = TokenKeys::new([b"a bench secret of thirty-two bytes".as_slice()]);
    let claims = Claims {
        sale: SaleId(7),
        user: UserId(42),
        generation: Generation(3),
        expires_s: 1_700_000_090,
        nonce: Nonce(*b"0123456789abcdef"),
    };
    let token = keys.sign(&claims);
    let forged = token.replace('A', "B");
    let mut group = criterion.benchmark_group("token");
    group.bench_function("sign", |bench| bench.iter(|| keys.sign(black_box(&claims))));
    group.bench_function("verify", |bench| bench.iter(|| keys.verify(black_box(&token))));
    group.bench_function("refuse a forged one", |bench| bench.iter(|| keys.verify(black_box(&forged))));
    group.finish();
}

fn batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch");
    for size in [1, 64, 256] {
        let order = |user: u64| Order {
            user: UserId(user),
            nonce: Nonce([user as u8; 16]),
            quantity: 1,
            address: AddressId(user),
            message: String::new(),
        };
        let record = Record::Orders(Batch {
            sale: SaleId(7),
            entry: EntryId { generation: Generation(3), sequence: Sequence(41) },
            price_minor: 990,
            terms_version: 1,
            reserved_at_ms: 1_700_000_000_000,
            orders: (0..size).map(order).collect(),
        });
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        group.throughput(Throughput::Elements(size));
        group.bench_function(format!("encode {size}"), |bench| {
            let mut reused = Vec::with_capacity(bytes.len());
            bench.iter(|| {
                reused.clear();
                black_box(&record).encode(&mut reused);
                reused.len()
            });
        });
        group.bench_function(format!("decode {size}"), |bench| {
            bench.iter(|| Record::decode(black_box(&bytes)))
        });
    }
    group.finish();
}

criterion_group!(words, tokens, batches);
criterion_main!(words);
