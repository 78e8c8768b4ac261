//! Where orders go: the address that was named if it is the buyer's own and alive, otherwise the
//! buyer's default one, otherwise the newest.

use crate::settlement::mysql::failure::Failure;
use crate::settlement::mysql::rows::{ROWS_MAX, bind_list, list};
use contract::ids::{AddressId, UserId};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _, query};
use std::collections::HashMap;

/// Who receives an order, as text; empty when the buyer has no address.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipient {
    /// Name.
    pub(super) name: String,
    /// Telephone.
    pub(super) tel: String,
    /// Province, city and county, a space, then the street line.
    pub(super) text: String,
}

/// Recipients by buyer and named address; a buyer without any is missing.
pub(super) async fn find(
    connection: &mut MySqlConnection,
    wanted: &[(UserId, AddressId)],
) -> Result<HashMap<(UserId, AddressId), Recipient>, Failure> {
    let mut found = HashMap::with_capacity(wanted.len());
    let named: Vec<_> = wanted.iter().filter(|(_, address)| address.0 > 0).copied().collect();
    for named in named.chunks(ROWS_MAX) {
        for row in named_rows(connection, named).await? {
            let key = (UserId(row.try_get("user_id")?), AddressId(row.try_get("id")?));
            found.insert(key, recipient(&row)?);
        }
    }
    // An address of somebody else was found under its owner's key, where nobody asks for it.
    let others: Vec<_> = wanted.iter().filter(|key| !found.contains_key(key)).copied().collect();
    for others in others.chunks(ROWS_MAX) {
        let mut best = HashMap::with_capacity(others.len());
        for row in best_rows(connection, others).await? {
            best.insert(UserId(row.try_get("user_id")?), recipient(&row)?);
        }
        for &(user, address) in others {
            if let Some(recipient) = best.get(&user) {
                found.insert((user, address), recipient.clone());
            }
        }
    }
    Ok(found)
}

async fn named_rows(
    connection: &mut MySqlConnection,
    named: &[(UserId, AddressId)],
) -> Result<Vec<MySqlRow>, Failure> {
    let sql = format!(
        "select user_id, id, name, tel, concat(province, city, county, ' ', detail) as text
        from address where id in ({}) and deleted = false",
        list(named.len())
    );
    let statement = bind_list(query(AssertSqlSafe(sql)), named, |s, (_, address)| s.bind(address.0));
    Ok(statement.fetch_all(connection).await?)
}

/// One address a buyer, however many the buyer has.
async fn best_rows(
    connection: &mut MySqlConnection,
    buyers: &[(UserId, AddressId)],
) -> Result<Vec<MySqlRow>, Failure> {
    let sql = format!(
        "select a.user_id, a.name, a.tel, concat(a.province, a.city, a.county, ' ', a.detail) as text
        from (
            select coalesce(max(if(is_default, id, null)), max(id)) as id
            from address where user_id in ({}) and deleted = false group by user_id
        ) best join address a on a.id = best.id",
        list(buyers.len())
    );
    let statement = bind_list(query(AssertSqlSafe(sql)), buyers, |s, (user, _)| s.bind(user.0));
    Ok(statement.fetch_all(connection).await?)
}

fn recipient(row: &MySqlRow) -> Result<Recipient, Failure> {
    Ok(Recipient { name: row.try_get("name")?, tel: row.try_get("tel")?, text: row.try_get("text")? })
}
