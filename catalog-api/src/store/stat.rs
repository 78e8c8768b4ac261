//! Figures per day, rolled up. A day's figures are counted from its rows, never added to, so that
//! counting a day again is always right; what has to be decided is only which days to count again.

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::{AssertSqlSafe, FromRow, MySqlConnection, MySqlPool, Row as _};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// New shoppers.
    User,
    /// Received orders.
    Order,
    /// Lines of orders.
    Goods,
    /// Orders by their state.
    State,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::User, Self::Order, Self::Goods, Self::State];

    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Order => "order",
            Self::Goods => "goods",
            Self::State => "state",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::User => "shopper",
            Self::Order | Self::State => "orders",
            Self::Goods => "order_goods",
        }
    }

    /// Columns of a day's row, and what they are counted from.
    fn figures(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::User => &[("users", "count(*)"), ("live", "sum(not deleted)")],
            Self::Order => &[
                ("orders", "sum(status in (401, 402))"),
                ("customers", "count(distinct if(status in (401, 402), user_id, null))"),
                ("amount_minor", "sum(if(status in (401, 402), actual_minor, 0))"),
                ("live", "sum(not deleted)"),
            ],
            Self::Goods => &[
                ("orders", "count(distinct order_id)"),
                ("products", "sum(quantity)"),
                ("amount_minor", "sum(quantity * price_minor)"),
            ],
            Self::State => &[
                ("s101", "sum(not deleted and status = 101)"),
                ("s102", "sum(not deleted and status = 102)"),
                ("s103", "sum(not deleted and status = 103)"),
                ("s104", "sum(not deleted and status = 104)"),
                ("s201", "sum(not deleted and status = 201)"),
                ("s202", "sum(not deleted and status = 202)"),
                ("s203", "sum(not deleted and status = 203)"),
                ("s204", "sum(not deleted and status = 204)"),
                ("s301", "sum(not deleted and status = 301)"),
                ("s401", "sum(not deleted and status = 401)"),
                ("s402", "sum(not deleted and status = 402)"),
            ],
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::User => "stat_user_day",
            Self::Order => "stat_order_day",
            Self::Goods => "stat_goods_day",
            Self::State => "stat_state_day",
        }
    }
}

/// Days written by one statement.
const DAYS_PER_STATEMENT: usize = 500;

/// How far the figures of a subject follow their source.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Mark {
    /// Every row changed before this moment is counted.
    pub followed_to: NaiveDateTime,
    /// The offset the days were cut by.
    pub offset_s: i32,
    /// Now, by the database's clock.
    pub now: NaiveDateTime,
}

/// Reads and locks a mark: one at a time brings a subject up to date.
pub async fn lock_mark(db: &mut MySqlConnection, subject: Subject) -> sqlx::Result<Option<Mark>> {
    sqlx::query_as("select followed_to, offset_s, now(3) as now from stat_mark where subject = ? for update")
        .bind(subject.name())
        .fetch_optional(db)
        .await
}

/// Reads a mark as it is.
pub async fn mark(db: &mut MySqlConnection, subject: Subject) -> sqlx::Result<Option<Mark>> {
    sqlx::query_as("select followed_to, offset_s, now(3) as now from stat_mark where subject = ?")
        .bind(subject.name())
        .fetch_optional(db)
        .await
}

/// The same of a mark that is older than so many seconds and that nobody works at.
pub async fn lock_old_mark(
    db: &mut MySqlConnection,
    subject: Subject,
    seconds: u32,
) -> sqlx::Result<Option<Mark>> {
    sqlx::query_as(
        "select followed_to, offset_s, now(3) as now from stat_mark where subject = ? \
         and refreshed_at <= date_sub(now(3), interval ? second) for update skip locked",
    )
    .bind(subject.name())
    .bind(seconds)
    .fetch_optional(db)
    .await
}

/// Moves a mark.
pub async fn move_mark(
    db: &mut MySqlConnection,
    subject: Subject,
    followed_to: NaiveDateTime,
    offset_s: i32,
) -> sqlx::Result<()> {
    sqlx::query(
        "update stat_mark set followed_to = ?, offset_s = ?, refreshed_at = now(3) where subject = ?",
    )
    .bind(followed_to)
    .bind(offset_s)
    .bind(subject.name())
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets all days.
pub async fn clear(db: &mut MySqlConnection, subject: Subject) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(format!("delete from {}", subject.table()))).execute(db).await?;
    Ok(())
}

/// Days of which a row was changed since.
pub async fn changed_days(
    db: &mut MySqlConnection,
    subject: Subject,
    since: NaiveDateTime,
    offset_s: i32,
) -> sqlx::Result<Vec<NaiveDate>> {
    // The names come from the constants above.
    let statement = format!(
        "select distinct date(date_add(added_at, interval ? second)) as day from {} \
         where updated_at >= ? order by day",
        subject.source()
    );
    sqlx::query_scalar(AssertSqlSafe(statement)).bind(offset_s).bind(since).fetch_all(db).await
}

/// Counts the days from one to before another again. They are read without a lock, and only then
/// written: one statement for both would lock every row it reads, which are rows people buy by.
pub async fn count_days(
    db: &mut MySqlConnection,
    subject: Subject,
    from: NaiveDateTime,
    to: NaiveDateTime,
    offset_s: i32,
) -> sqlx::Result<()> {
    // The names and expressions come from the constants above.
    let figures: String =
        subject.figures().iter().map(|(_, figure)| format!(", cast({figure} as signed)")).collect();
    let count = format!(
        "select date(date_add(added_at, interval ? second)) as day{figures} from {} \
         where added_at >= ? and added_at < ? group by day",
        subject.source()
    );
    let counted =
        sqlx::query(AssertSqlSafe(count)).bind(offset_s).bind(from).bind(to).fetch_all(&mut *db).await?;
    let names: String = subject.figures().iter().map(|(name, _)| format!(", {name}")).collect();
    for some in counted.chunks(DAYS_PER_STATEMENT) {
        let mut query = sqlx::QueryBuilder::new(format!("replace into {} (day{names}) ", subject.table()));
        let mut days = Vec::with_capacity(some.len());
        for row in some {
            let day: NaiveDate = row.try_get(0)?;
            let figures: Result<Vec<i64>, _> =
                (1..=subject.figures().len()).map(|at| row.try_get(at)).collect();
            days.push((day, figures?));
        }
        query.push_values(days, |mut row, (day, figures)| {
            row.push_bind(day);
            for figure in figures {
                row.push_bind(figure);
            }
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// A day of new shoppers.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct UserDay {
    pub day: NaiveDate,
    pub users: i64,
}

/// A day of received orders.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct OrderDay {
    pub day: NaiveDate,
    pub orders: i64,
    pub customers: i64,
    pub amount_minor: i64,
}

/// A day of order lines.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct GoodsDay {
    pub day: NaiveDate,
    pub orders: i64,
    pub products: i64,
    pub amount_minor: i64,
}

/// New shoppers by day.
pub async fn users(db: &MySqlPool) -> sqlx::Result<Vec<UserDay>> {
    sqlx::query_as("select day, users from stat_user_day order by day").fetch_all(db).await
}

/// Received orders by day; a day without any has no row.
pub async fn orders(db: &MySqlPool) -> sqlx::Result<Vec<OrderDay>> {
    sqlx::query_as(
        "select day, orders, customers, amount_minor from stat_order_day where orders > 0 order by day",
    )
    .fetch_all(db)
    .await
}

/// Lines of orders by day.
pub async fn goods(db: &MySqlPool) -> sqlx::Result<Vec<GoodsDay>> {
    sqlx::query_as("select day, orders, products, amount_minor from stat_goods_day order by day")
        .fetch_all(db)
        .await
}

/// Orders that are in one of these states, or in any when there are none, by day.
pub async fn in_states(db: &mut MySqlConnection, states: &[i64]) -> sqlx::Result<Vec<(NaiveDate, i64)>> {
    let known = Subject::State.figures().iter().map(|(name, _)| *name);
    let wanted = |name: &str| states.is_empty() || states.iter().any(|state| name[1..] == state.to_string());
    let sum: String = known.filter(|name| wanted(name)).map(|name| format!(" + {name}")).collect();
    // The names come from the constants above.
    let statement = format!("select day, cast(0{sum} as signed) from stat_state_day");
    sqlx::query_as(AssertSqlSafe(statement)).fetch_all(db).await
}

/// What there is that is not deleted.
#[derive(Clone, Copy, Debug, FromRow)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Totals {
    pub users: i64,
    pub goods: i64,
    pub skus: i64,
    pub orders: i64,
}

/// The dashboard's totals; accounts and orders are summed over the days.
pub async fn totals(db: &MySqlPool) -> sqlx::Result<Totals> {
    sqlx::query_as(
        "select (select cast(coalesce(sum(live), 0) as signed) from stat_user_day) as users, \
         (select count(*) from goods where deleted = false) as goods, \
         (select count(*) from sku where deleted = false) as skus, \
         (select cast(coalesce(sum(live), 0) as signed) from stat_order_day) as orders",
    )
    .fetch_one(db)
    .await
}
