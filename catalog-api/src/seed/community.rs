//! What people have said, and where they can spend a day: reviews of all goods, questions, feedback,
//! fishing sessions, barbecue stands.

// What people say, as parts of sentences.
mod words;

use crate::state::App;
use sqlx::{MySqlConnection, QueryBuilder};

/// Reviews there are in the end, spread over all goods.
const REVIEWS: usize = 1_000;
/// Rows of one statement.
const ROWS: usize = 250;
/// Days over which people have talked.
const DAYS: usize = 180;

/// Fills what is empty.
pub(super) async fn fill(app: &App) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    let goods: Vec<(u64, String)> =
        sqlx::query_as("select id, pic_url from goods where deleted = false order by id")
            .fetch_all(&mut *tx)
            .await?;
    let people: Vec<(u64, String)> = sqlx::query_as(
        "select id, username from shopper where deleted = false and username like 'buyer%' order by id",
    )
    .fetch_all(&mut *tx)
    .await?;
    if !goods.is_empty() && !people.is_empty() {
        reviews(&mut tx, &goods, &people).await?;
        questions(&mut tx, &goods, &people).await?;
        feedback(&mut tx, &people).await?;
    }
    fishing(&mut tx).await?;
    stands(&mut tx).await?;
    Ok(tx.commit().await?)
}

async fn is_empty(db: &mut MySqlConnection, count: &'static str) -> sqlx::Result<bool> {
    let rows: i64 = sqlx::query_scalar(count).fetch_one(db).await?;
    Ok(rows == 0)
}

async fn reviews(
    db: &mut MySqlConnection,
    goods: &[(u64, String)],
    people: &[(u64, String)],
) -> sqlx::Result<()> {
    if !is_empty(db, "select count(*) from comment").await? {
        return Ok(());
    }
    let all: Vec<usize> = (0..REVIEWS).collect();
    for some in all.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "insert into comment (kind, value_id, user_id, content, star, has_picture, pic_urls, reply, \
             replied_at, added_at) ",
        );
        query.push_values(some, |mut row, &number| {
            let (id, picture) = &goods[number % goods.len()];
            // Steps that share no factor with the counts, so that neighbours differ.
            let (person, _) = &people[(number * 7) % people.len()];
            let with_picture = number % 5 == 0 && !picture.is_empty();
            let pictures = if with_picture { vec![picture] } else { Vec::new() };
            let star = words::star(number);
            let reply = if number % 7 == 0 { words::reply(star) } else { "" };
            row.push_bind(0_u8)
                .push_bind(id)
                .push_bind(person)
                .push_bind(words::review(number, star))
                .push_bind(star)
                .push_bind(with_picture)
                .push_bind(serde_json::json!(pictures).to_string())
                .push_bind(reply)
                .push("if(")
                .push_bind_unseparated(reply.is_empty())
                .push_unseparated(", null, now(3))");
            row.push("date_sub(now(3), interval ")
                .push_bind_unseparated((number * 37 % (DAYS * 24 * 60)) as u32)
                .push_unseparated(" minute)");
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

async fn questions(
    db: &mut MySqlConnection,
    goods: &[(u64, String)],
    people: &[(u64, String)],
) -> sqlx::Result<()> {
    if !is_empty(db, "select count(*) from goods_question").await? {
        return Ok(());
    }
    for (number, (question, answer)) in words::QUESTIONS.iter().cycle().take(60).enumerate() {
        // Every third one still waits for an answer.
        let answer = if number % 3 == 2 { "" } else { answer };
        sqlx::query(
            "insert into goods_question (goods_id, user_id, question, answer, answered_at, added_at) \
             values (?, ?, ?, ?, if(? = '', null, now(3)), date_sub(now(3), interval ? hour))",
        )
        .bind(goods[number * 11 % goods.len()].0)
        .bind(people[number * 3 % people.len()].0)
        .bind(question)
        .bind(answer)
        .bind(answer)
        .bind(number as u32 * 9 + 1)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn feedback(db: &mut MySqlConnection, people: &[(u64, String)]) -> sqlx::Result<()> {
    if !is_empty(db, "select count(*) from feedback").await? {
        return Ok(());
    }
    for (number, (kind, content)) in words::FEEDBACK.iter().cycle().take(24).enumerate() {
        let (person, name) = &people[number * 3 % people.len()];
        sqlx::query(
            "insert into feedback (user_id, username, mobile, feed_type, content, pic_urls, added_at) \
             values (?, ?, ?, ?, ?, '[]', date_sub(now(3), interval ? hour))",
        )
        .bind(person)
        .bind(name)
        .bind(format!("1390000{:04}", number + 1))
        .bind(kind)
        .bind(content)
        .bind(number as u32 * 13 + 2)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn fishing(db: &mut MySqlConnection) -> sqlx::Result<()> {
    for (number, (name, place, from, to)) in words::SESSIONS.iter().enumerate() {
        let known: Option<u64> = sqlx::query_scalar("select id from fishing_session where name = ? limit 1")
            .bind(name)
            .fetch_optional(&mut *db)
            .await?;
        if known.is_some() {
            continue;
        }
        let session = sqlx::query(
            "insert into fishing_session (name, place, held_on, starts_at, ends_at) \
             values (?, ?, date_add(curdate(), interval ? day), ?, ?)",
        )
        .bind(name)
        .bind(place)
        .bind(number as u32 * 4 + 6)
        .bind(from)
        .bind(to)
        .execute(&mut *db)
        .await?
        .last_insert_id();
        for (kind, price_minor, stock, limit) in words::TICKETS {
            sqlx::query(
                "insert into ticket_type (fishing_session_id, name, price_minor, stock, per_user_limit) \
                 values (?, ?, ?, ?, ?)",
            )
            .bind(session)
            .bind(kind)
            .bind(price_minor)
            .bind(stock)
            .bind(limit)
            .execute(&mut *db)
            .await?;
        }
    }
    Ok(())
}

async fn stands(db: &mut MySqlConnection) -> sqlx::Result<()> {
    if !is_empty(db, "select count(*) from bbq_stand").await? {
        return Ok(());
    }
    for (name, capacity, price_minor) in words::STANDS {
        let stand = sqlx::query("insert into bbq_stand (name, capacity, price_minor) values (?, ?, ?)")
            .bind(name)
            .bind(capacity)
            .bind(price_minor)
            .execute(&mut *db)
            .await?
            .last_insert_id();
        for (from, to) in words::SLOTS {
            sqlx::query("insert into bbq_slot (stand_id, starts_at, ends_at) values (?, ?, ?)")
                .bind(stand)
                .bind(from)
                .bind(to)
                .execute(&mut *db)
                .await?;
        }
    }
    Ok(())
}
