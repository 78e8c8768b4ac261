//! The ledger in MySQL (8) or MariaDB (10.6 and later).
//!
//! One function per statement, by table in the folder beside this file. Transactions begin and end
//! here, in the port's methods, and run READ COMMITTED unless they need one snapshot. Any error rolls
//! back all of a transaction: the server itself takes back only the statement that waited too long for
//! a lock. COMMIT is the only statement whose failure leaves the effect unknown.
//!
//! Deliberately absent: creating the schema, which is catalog-api's work.

mod books;
mod facts;
mod failure;
mod image;
mod letters;
mod mall;
mod movements;
mod orders;
mod position;
mod purchases;
mod rows;
mod sales;
mod session;
mod settle;
mod stock;
mod unfit;

use super::{Ledger, LedgerBooks, Look, Position, Reached, Sales, Settled, Step, StockChange, StockReturn};
use crate::fault::{Fault, System};
use crate::reservation::{DeskIdentity, DeskImage};
use contract::ids::{Generation, Nonce, OrderSn, SaleId, UserId};
use contract::ledger::{MovementState, SaleState};
use failure::Failure;
use session::{Lent, apart};
use sqlx::MySqlPool;
use std::collections::HashSet;
use std::time::Duration;

/// How to reach the ledger.
#[derive(Clone)]
pub struct MySqlLedgerSettings {
    /// `mysql://user:password@host:port/database`.
    pub url: String,
    /// Most connections.
    pub connections: u32,
    /// Longest wait for one of them.
    pub acquire_timeout: Duration,
    /// Most orders accepted and not settled: part of the terms the desk gets.
    pub unsettled_max: u32,
}

/// The ledger in MySQL or MariaDB.
#[derive(Clone)]
pub struct MySqlLedger {
    pool: MySqlPool,
    unsettled_max: u32,
}

impl MySqlLedger {
    /// A ledger that connects when it is first used. Needs a tokio runtime; fails on a malformed
    /// address only.
    pub fn new(settings: &MySqlLedgerSettings) -> Result<Self, Fault> {
        let pool = session::pool(settings)
            .map_err(|error| Fault::none(System::Ledger, "reading the address of the ledger", error))?;
        Ok(Self { pool, unsettled_max: settings.unsettled_max })
    }

    /// Closes every connection, when its work is done.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Runs one read on a connection of its own, apart from the caller.
macro_rules! read {
    ($self:ident, $doing:literal, |$connection:ident| $read:expr) => {{
        let pool = $self.pool.clone();
        apart($doing, async move {
            let mut lent = Lent::take(&pool, $doing).await?;
            let $connection = lent.connection();
            let outcome = $read.await;
            lent.end_read(outcome)
        })
        .await
    }};
}

/// Runs one statement that writes.
macro_rules! write {
    ($self:ident, $doing:literal, |$connection:ident| $write:expr) => {{
        let pool = $self.pool.clone();
        apart($doing, async move {
            let mut lent = Lent::take(&pool, $doing).await?;
            let $connection = lent.connection();
            let outcome = $write.await;
            lent.end_write(outcome)
        })
        .await
    }};
}

/// Runs one transaction: committed when it succeeds, otherwise rolled back.
macro_rules! transaction {
    ($self:ident, $doing:literal, |$connection:ident| $work:expr) => {{
        let pool = $self.pool.clone();
        apart($doing, async move {
            let mut lent = Lent::begin(&pool, $doing).await?;
            let $connection = lent.connection();
            let outcome = $work.await;
            lent.end(outcome).await
        })
        .await
    }};
}

impl Ledger for MySqlLedger {
    async fn sales(&self) -> Result<Sales, Fault> {
        let unsettled_max = self.unsettled_max;
        read!(self, "reading the sales", |connection| sales::followed(connection, unsettled_max))
    }

    async fn lease(&self, name: &str, owner: &str, life: Duration) -> Result<bool, Fault> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        write!(self, "taking a lease", |connection| async {
            Ok(position::renew_lease(connection, &name, &owner, life).await?
                || position::first_lease(connection, &name, &owner, life).await?)
        })
    }

    async fn position(&self, partition: u32, log: &str) -> Result<Position, Fault> {
        let log = log.to_owned();
        write!(self, "reading a position", |connection| async {
            if let Some(position) = position::find(connection, partition, &log).await? {
                return Ok(position);
            }
            if position::begin(connection, partition, &log).await? {
                return Ok(Position::At { next: 0, witness: None });
            }
            // Somebody else was faster.
            let position = position::find(connection, partition, &log).await?;
            position.ok_or(Failure::Broken("a position vanished"))
        })
    }

    async fn adopt_log(&self, partition: u32, lost: &str, log: &str) -> Result<bool, Fault> {
        let (lost, log) = (lost.to_owned(), log.to_owned());
        write!(self, "adopting a log", |connection| position::adopt(connection, partition, &lost, &log))
    }

    async fn rewind(&self, partition: u32, log: &str, from: i64, to: i64) -> Result<bool, Fault> {
        assert!(to <= from, "a position is never moved forward without settling");
        let log = log.to_owned();
        write!(self, "rewinding a position", |connection| position::rewind(
            connection,
            partition,
            &log,
            (from, to)
        ))
    }

    async fn settle(&self, step: &Step<'_>) -> Result<Settled, Fault> {
        let step = settle::OwnedStep::from(step);
        let pool = self.pool.clone();
        apart("settling", async move {
            let mut lent = Lent::begin(&pool, "settling").await?;
            match settle::settle(lent.connection(), &step).await {
                Ok(Settled::Fenced) => {
                    lent.roll_back().await;
                    Ok(Settled::Fenced)
                }
                outcome => lent.end(outcome).await,
            }
        })
        .await
    }

    async fn known(&self, sale: SaleId, nonces: &[Nonce]) -> Result<Vec<bool>, Fault> {
        let nonces = nonces.to_vec();
        read!(self, "looking for tokens", |connection| async {
            let known: HashSet<_> = facts::known(connection, sale, &nonces).await?.into_iter().collect();
            Ok(nonces.iter().map(|nonce| known.contains(nonce)).collect())
        })
    }

    async fn raise_generation(&self, sale: SaleId, from: Generation) -> Result<bool, Fault> {
        write!(self, "raising a generation", |connection| sales::raise_generation(connection, sale, from))
    }

    async fn image(&self, sale: SaleId, generation: Generation) -> Result<Option<DeskImage>, Fault> {
        let (pool, unsettled_max) = (self.pool.clone(), self.unsettled_max);
        apart("reading a desk image", async move {
            let mut lent = Lent::snapshot(&pool, "reading a desk image").await?;
            let outcome = image::read(lent.connection(), sale, generation, unsettled_max).await;
            lent.end(outcome).await
        })
        .await
    }

    async fn register_desk(
        &self,
        sale: SaleId,
        generation: Generation,
        identity: &DeskIdentity,
    ) -> Result<bool, Fault> {
        let identity = identity.clone();
        write!(self, "registering a desk", |connection| sales::register_desk(
            connection,
            sale,
            generation,
            &identity.0
        ))
    }

    async fn advance(&self, sale: SaleId, from: SaleState, to: SaleState) -> Result<bool, Fault> {
        write!(self, "advancing a sale", |connection| sales::advance(connection, sale, from, to))
    }

    async fn drained(
        &self,
        sale: SaleId,
        (partition, log): (u32, &str),
        reached: Reached,
    ) -> Result<bool, Fault> {
        let log = log.to_owned();
        write!(self, "draining a sale", |connection| sales::drained(
            connection,
            sale,
            (partition, &log),
            reached
        ))
    }

    async fn reconcile(&self, sale: SaleId) -> Result<bool, Fault> {
        transaction!(self, "reconciling a sale", |connection| books::reconcile(connection, sale))
    }

    async fn returns(&self, limit: u32) -> Result<Vec<StockReturn>, Fault> {
        read!(self, "reading returns", |connection| movements::returns(connection, limit))
    }

    async fn book_return(&self, row: &StockReturn) -> Result<(), Fault> {
        let (sale, nonce) = (row.sale, row.nonce);
        transaction!(self, "booking a return", |connection| movements::book_return(connection, sale, nonce))
    }

    async fn forget_return(&self, row: &StockReturn) -> Result<(), Fault> {
        let (sale, nonce) = (row.sale, row.nonce);
        write!(self, "forgetting a return", |connection| movements::delete_return(
            connection,
            sale,
            nonce,
            MovementState::Booked
        ))
    }

    async fn changes(&self) -> Result<Vec<StockChange>, Fault> {
        read!(self, "reading stock changes", |connection| movements::changes(connection))
    }

    async fn book_change(&self, row: &StockChange, answered: Option<Generation>) -> Result<(), Fault> {
        let (id, sale) = (row.id, row.sale);
        transaction!(self, "booking a stock change", |connection| movements::book_change(
            connection, id, sale, answered
        ))
    }

    async fn end_change(
        &self,
        row: &StockChange,
        end: MovementState,
        answered: Option<Generation>,
    ) -> Result<(), Fault> {
        let (id, sale) = (row.id, row.sale);
        transaction!(self, "ending a stock change", |connection| movements::end_change(
            connection, id, sale, end, answered
        ))
    }

    async fn order(&self, sn: OrderSn, user: UserId) -> Result<Look, Fault> {
        read!(self, "reading an order", |connection| orders::find(connection, sn, user))
    }

    async fn books(&self, sale: SaleId) -> Result<Option<LedgerBooks>, Fault> {
        read!(self, "reading the books", |connection| books::read(connection, sale))
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        read!(self, "checking the ledger", |connection| unfit::reasons(connection))
    }
}
