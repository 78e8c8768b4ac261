//! The log in memory keeps the promises of the port, and breaks them as planned.

use super::*;
use crate::fault::Effect;
use crate::handoff::Logged;
use contract::record::Unreadable;
use tokio::time::Instant;

const SALE: SaleId = SaleId(6);
const WAIT: Duration = Duration::from_secs(5);

fn barrier(generation: u32) -> Record {
    Record::Barrier { sale: SALE, generation: Generation(generation) }
}

fn log() -> MemoryLog {
    MemoryLog::new(4, "a log")
}

async fn generations(reader: &mut MemoryReader) -> Vec<u32> {
    match reader.next(100, Duration::ZERO).await.unwrap() {
        Read::Records(records) => records
            .iter()
            .map(|logged| match &logged.record {
                Ok(Record::Barrier { generation, .. }) => generation.0,
                other => panic!("not a barrier: {other:?}"),
            })
            .collect(),
        Read::OutOfRange => panic!("out of range"),
    }
}

#[tokio::test]
async fn an_append_has_the_fate_planned_for_it() {
    let log = log();
    log.plan(Call::Append, [Fate::Refused, Fate::Lost, Fate::Kept, Fate::Late]);
    let mut effects = Vec::new();
    for generation in 1..=5 {
        effects.push(log.append(&barrier(generation)).await.map_err(|fault| fault.effect));
    }
    let unknown = Err(Effect::Unknown);
    assert_eq!(effects, [Err(Effect::None), unknown, unknown, unknown, Ok(1)]);

    let mut reader = log.read_from(2, 0).await.unwrap();
    assert_eq!(generations(&mut reader).await, [3, 5]);
    log.deliver_late();
    assert_eq!(generations(&mut reader).await, [4]);
}

#[tokio::test]
async fn an_announcement_and_a_look_have_the_fates_planned_for_them() {
    let log = log();
    log.plan(Call::Announce, [Fate::Lost, Fate::Late]);
    assert_eq!(log.announce(SALE, Generation(1)).await.unwrap_err().effect, Effect::Unknown);
    assert_eq!(log.announced(SALE).await.unwrap(), Generation(0));
    log.announce(SALE, Generation(1)).await.unwrap_err();
    log.deliver_late();
    assert_eq!(log.announced(SALE).await.unwrap(), Generation(1));

    log.plan(Call::Look, [Fate::Refused]);
    assert_eq!(log.announced(SALE).await.unwrap_err().effect, Effect::None);
    assert_eq!(log.announced(SALE).await.unwrap(), Generation(1));
}

#[tokio::test]
async fn a_lost_tail_puts_a_reader_behind_it_out_of_range_until_the_log_grows_past_it() {
    let log = log();
    for generation in 1..=3 {
        log.append(&barrier(generation)).await.unwrap();
    }
    let mut reader = log.read_from(2, 0).await.unwrap();
    assert_eq!(generations(&mut reader).await, [1, 2, 3]);
    log.lose_tail(2, 1);
    assert_eq!(log.bounds(2).await.unwrap(), (0, 1));
    assert_eq!(reader.next(9, WAIT).await.unwrap(), Read::OutOfRange);
    for generation in 4..=6 {
        log.append(&barrier(generation)).await.unwrap();
    }
    assert_eq!(generations(&mut reader).await, [6]);
}

#[tokio::test]
async fn retention_moves_the_first_offset_and_leaves_readers_before_it_out_of_range() {
    let log = log();
    for generation in 1..=3 {
        log.append(&barrier(generation)).await.unwrap();
    }
    log.forget_before(2, 2);
    assert_eq!(log.bounds(2).await.unwrap(), (2, 3));
    let mut early = log.read_from(2, 1).await.unwrap();
    assert_eq!(early.next(9, WAIT).await.unwrap(), Read::OutOfRange);
    let mut first = log.read_from(2, 2).await.unwrap();
    assert_eq!(generations(&mut first).await, [3]);
}

#[tokio::test]
async fn duplicates_and_foreign_bytes_stand_in_the_log_as_they_are() {
    let log = log();
    log.append(&barrier(1)).await.unwrap();
    assert_eq!(log.duplicate(2, 0), 1);
    assert_eq!(log.append_bytes(2, vec![9, 9]), 2);
    let mut reader = log.read_from(2, 0).await.unwrap();
    let Read::Records(records) = reader.next(9, WAIT).await.unwrap() else { panic!("out of range") };
    assert_eq!(records[0].record, Ok(barrier(1)));
    assert_eq!(records[1], Logged { offset: 1, appended_at_ms: 2, ..records[0].clone() });
    assert_eq!(records[2].record, Err(Unreadable::Version));
}

#[tokio::test(start_paused = true)]
async fn a_reader_wakes_for_a_record_and_gives_up_when_paused_time_says_so() {
    let log = log();
    let mut reader = log.read_from(2, 0).await.unwrap();
    let began = Instant::now();
    assert_eq!(reader.next(9, WAIT).await.unwrap(), Read::Records(Vec::new()));
    assert_eq!(began.elapsed(), WAIT);

    let woken = tokio::spawn(async move { generations_within(&mut reader).await });
    tokio::time::sleep(WAIT / 2).await;
    log.append(&barrier(1)).await.unwrap();
    assert_eq!(woken.await.unwrap(), 1);
    assert_eq!(began.elapsed(), WAIT + WAIT / 2);
}

async fn generations_within(reader: &mut MemoryReader) -> usize {
    match reader.next(9, WAIT).await.unwrap() {
        Read::Records(records) => records.len(),
        Read::OutOfRange => panic!("out of range"),
    }
}
