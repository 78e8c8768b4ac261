//! What is decided without asking anybody: refusals at the gate and their bytes, and the way through a
//! lane.

use contract::ids::{Generation, Nonce, SaleId, Sequence, UserId};
use contract::ledger::{SaleKind, SaleState};
use contract::outcome::Code;
use contract::session::{Audience, Claims, ISSUER, SessionKeys};
use contract::token::{self, TokenKeys};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::admission::lanes::{Lane, Ready};
use engine::admission::sessions::Sessions;
use engine::admission::{Gate, Limits, pressure};
use engine::clock::{Clock, SystemClock};
use engine::http::render;
use engine::reservation::{DeskIdentity, Terms};
use engine::settlement::{Sale, Sales};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tokio::runtime::Builder;

const SALE: SaleId = SaleId(7);
const USER: UserId = UserId(42);
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const TOKEN_SECRET: &[u8] = b"a bench secret of thirty-two bytes";

fn sale(unix_ms: u64) -> Sale {
    Sale {
        id: SALE,
        name: "bench".into(),
        kind: SaleKind::Goods,
        goods_id: 1,
        sku_id: 1,
        coupon_id: 0,
        ticket_type_id: 0,
        pic_url: String::new(),
        state: SaleState::Open,
        terms: Terms {
            version: 1,
            starts_at_ms: unix_ms - 1000,
            ends_at_ms: unix_ms + 3_600_000,
            price_minor: 990,
            per_order_max: 1,
            per_user_max: 1,
            cooldown_s: 0,
            token_ttl_s: 90,
            token_multiplier: 5,
            unsettled_max: 1000,
        },
        pay_within_s: 900,
        min_user_level: 0,
        put_on_sale: 100,
        free: 100,
        generation: Generation(1),
        settled_generation: Generation(1),
        desk_generation: Generation(1),
        desk: DeskIdentity("desk".into()),
    }
}

fn gate() -> (Gate<SystemClock, (), ()>, String) {
    let keys = || SessionKeys::new([("a", b"secret".as_slice())]);
    let session = keys().sign(&Claims {
        sub: USER.to_string(),
        aud: Audience::Shop,
        iss: ISSUER.into(),
        nbf: 1,
        exp: u32::MAX.into(),
        sid: "s1".into(),
        level: 0,
    });
    let limits = Limits {
        user_per_s: u32::MAX / 4,
        address_per_s: u32::MAX / 4,
        loopback_exempt: false,
        lane_depth: 1024,
        lane_wait: Duration::from_secs(1),
        pressure: pressure::Settings { orders_per_s: (1, u32::MAX / 4), ..Default::default() },
    };
    let clock = SystemClock::default();
    let gate = Gate::new(limits, Sessions::new(keys()), TokenKeys::new([TOKEN_SECRET]), clock.clone());
    gate.sessions.heard(Vec::new(), clock.elapsed() + Duration::from_secs(3600));
    let now_ms = clock.unix_ms();
    gate.sales.polled(Sales { now_ms, sales: vec![sale(now_ms)] }, clock.elapsed(), now_ms);
    (gate, session)
}

fn refusals(criterion: &mut Criterion) {
    let (gate, session) = gate();
    let signed = gate.tokens.sign(&token::Claims {
        sale: SALE,
        user: USER,
        generation: Generation(1),
        expires_s: u32::MAX,
        nonce: Nonce([1; 16]),
    });
    let forged = signed.replace(&signed[70..], "AAAAAA");
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("a token request is let in", |bench| {
        bench.iter(|| gate.admit_token(SALE, Some(black_box(&session)), FROM).is_ok())
    });
    group.bench_function("a purchase is let in", |bench| {
        bench.iter(|| gate.admit_order(SALE, Some(black_box(&session)), FROM, &signed, 1).is_ok())
    });
    group.bench_function("a forged token is refused", |bench| {
        bench.iter(|| gate.admit_order(SALE, Some(black_box(&session)), FROM, &forged, 1).is_err())
    });
    let known = gate.sale(SALE).expect("it was polled");
    // Remembered for an hour, which no measurement outlasts.
    let later = SystemClock::default().elapsed() + Duration::from_secs(3600);
    known.heard(Generation(1), Sequence(1), 0, 0, later, 0);
    group.bench_function("sold out is refused", |bench| {
        bench.iter(|| gate.admit_token(SALE, Some(black_box(&session)), FROM).is_err())
    });
    group.bench_function("a refusal's answer", |bench| {
        bench.iter(|| render::refusal(black_box(Code::SoldOut).into()))
    });
    group.finish();
}

fn lanes(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (ready, lane) = (Ready::new(4), Lane::new(1024));
    let mut group = criterion.benchmark_group("lane");
    for size in [1, 64, 256] {
        group.throughput(Throughput::Elements(size));
        group.bench_function(format!("in and out {size}"), |bench| {
            bench.iter(|| {
                for request in 0..size {
                    assert!(ready.offer(&lane, request, || ()).is_ok());
                }
                runtime.block_on(ready.next());
                let taken = lane.take(256);
                ready.done(&lane, || ());
                taken
            });
        });
    }
    group.finish();
}

criterion_group!(all, refusals, lanes);
criterion_main!(all);
