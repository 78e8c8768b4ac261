//! Bringing a litemall database along: look first, say what cannot come, then copy in batches that a cut does
//! not hurt. Ids stay; amounts become minor units, local times UTC.
//!
//! [`schema`] compares what is there with what is needed, [`look`] judges every row, [`copy`] writes those that
//! fit. A row is judged by the same [`draft`] both times. What a column becomes stands in [`tables`].
//!
//! Deliberately absent: any write to the source, and following it once a table is in: an import is made once,
//! of a shop that is closed for it.

pub mod cell;
pub mod copy;
pub mod draft;
pub mod ids;
pub mod look;
pub mod report;
pub mod schema;
pub mod table;
pub mod tables;

use crate::config::Config;
use crate::state::App;
use crate::store::import::progress::{self, ProgressRow};
use crate::store::import::{self as store};
use crate::store::{litemall, region};
use crate::{router, startup};
use anyhow::{Context, bail, ensure};
use draft::{Law, Texts};
use ids::Ids;
use report::Report;
use sqlx::MySqlPool;
use std::collections::HashMap;
use std::sync::Arc;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where from: `mysql://user:password@host/database`.
    pub from: String,
    /// Rows of one transaction.
    pub batch: u32,
    /// Look and say, and copy nothing.
    pub check: bool,
}

/// Rows of one transaction, unless something else is said.
pub const BATCH: u32 = 5_000;
/// The same at most: two batches are in memory at a time.
pub const BATCH_MAX: u32 = 20_000;

/// Looks, reports and copies. Progress goes to standard error, the report to standard output.
pub async fn run(config: Config, options: Options) -> anyhow::Result<()> {
    let app = App::new(config)?;
    let migrated = startup::is_migrated(&app.db).await.context("DATABASE_URL")?;
    ensure!(migrated, "the target has no schema, or an older one: run `catalog-api migrate` first");
    let mut keeper = app.db.acquire().await?;
    ensure!(progress::claim(&mut keeper).await?, "another import into this database is running");
    let (source, name) = litemall::connect(&options.from, &app.config.time.offset).await.context("--from")?;
    schema::check(&litemall::columns(&source).await.context("--from")?)?;
    let begun = progress::all(&app.db).await?;
    may_begin(&app.db, &begun, &name).await?;

    let law = law(&app, &source).await?;
    let mut report = Report::default();
    look::look(&source, &law, options.batch, &mut report).await?;
    report.print_rows();
    if options.check {
        report.print_summary("would come");
        return Ok(());
    }
    if begun.is_empty() {
        let names: Vec<&'static str> = tables::ALL.iter().map(|table| table.from).collect();
        progress::begin(&mut keeper, &name, &names).await?;
    }
    let report = copy::copy(&app.db, &source, &law, options.batch).await?;
    report.print_rows();
    report.print_summary("copied");
    Ok(())
}

/// An empty shop, or one this import has begun to fill and nobody else has touched since.
async fn may_begin(db: &MySqlPool, begun: &[ProgressRow], source: &str) -> anyhow::Result<()> {
    if let Some(other) = begun.iter().find(|row| row.source != source) {
        bail!(
            "an import from {} was begun here; this is {source}. Name that one, or import into a new database",
            other.source
        );
    }
    for table in tables::ALL.iter().filter(|table| table.to != "region") {
        let state = begun.iter().find(|row| row.source_table == table.from);
        let behind = match state {
            Some(row) if row.finished => continue,
            Some(row) if row.last_id > 0 => {
                if !table.has_id {
                    continue;
                }
                Some(row.last_id)
            }
            Some(_) | None => None,
        };
        if store::is_occupied(db, table.to, behind).await? {
            refuse(table.to)?;
        }
    }
    let beside = tables::ALL.iter().filter_map(|table| table.beside);
    for (name, _) in beside.filter(|_| begun.is_empty()) {
        if store::is_occupied(db, name, None).await? {
            refuse(name)?;
        }
    }
    Ok(())
}

fn refuse(table: &str) -> anyhow::Result<()> {
    bail!(
        "table `{table}` has rows that did not come from this import, and ids would collide. Import into a \
         database that was made with `catalog-api migrate` and nothing else: no demo data, no `first-staff`, \
         nothing served yet"
    )
}

/// What rows are judged by.
async fn law(app: &Arc<App>, source: &MySqlPool) -> anyhow::Result<Law> {
    let mut regions = Ids::default();
    region::all(&app.db).await?.iter().for_each(|region| regions.add(u64::from(region.id)));
    let mut repeated = HashMap::new();
    for table in tables::ALL {
        let mut sets = Vec::new();
        for unique in table.unique {
            let mut ids = Ids::default();
            let how = (unique.sameness, unique.living);
            litemall::repeated(source, table.from, unique.columns, how, |id| ids.add(id))
                .await
                .with_context(|| format!("{}: {}", table.from, unique.columns.join(", ")))?;
            sets.push(ids);
        }
        repeated.insert(table.from, sets);
    }
    let unpaid = litemall::setting(source, "litemall_order_unpaid").await?;
    let began = chrono::DateTime::from_timestamp(crate::clock::unix_s().cast_signed(), 0);
    Ok(Law {
        zone: app.zone,
        texts: Texts::of(store::text_columns(&app.db).await?),
        registry: (*router::public(app).registry).clone(),
        unpaid_minutes: crate::settings::Values::of(
            unpaid.map(|value| ("litemall_order_unpaid".to_owned(), value)).into_iter().collect(),
        )
        .order_unpaid_minutes(),
        regions,
        repeated,
        began: began.unwrap_or_default().naive_utc(),
    })
}
