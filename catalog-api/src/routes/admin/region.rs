//! The administrative division, for staff.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::extract::Query;
use crate::state::App;
use crate::store::region::{self, CITY, PROVINCE, RegionRow};
use axum::extract::State;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A region.
#[derive(Debug, Serialize, ToSchema)]
pub struct Region {
    id: u32,
    /// What it lies in; 0 for provinces.
    pid: u32,
    name: String,
    /// 1 province, 2 city, 3 county
    r#type: u8,
    code: u32,
}

impl Region {
    /// Of a row.
    pub fn show(row: RegionRow) -> Self {
        Self { id: row.id, pid: row.pid, name: row.name, r#type: row.kind, code: row.id }
    }
}

/// A province with its cities.
#[derive(Debug, Serialize, ToSchema)]
pub struct Province {
    id: u32,
    name: String,
    r#type: u8,
    code: u32,
    children: Vec<City>,
}

/// A city with its counties.
#[derive(Debug, Serialize, ToSchema)]
pub struct City {
    id: u32,
    name: String,
    r#type: u8,
    code: u32,
    children: Vec<County>,
}

/// A county.
#[derive(Debug, Serialize, ToSchema)]
pub struct County {
    id: u32,
    name: String,
    r#type: u8,
    code: u32,
}

/// What lies directly in a region. Failures: 402.
#[utoipa::path(get, path = "/admin/region/clist", tag = "staff: regions", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Page<Region>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn clist(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Region>> {
    let parent = u64::try_from(query.required_int("id")?).unwrap_or(u64::MAX);
    let found = region::children(&app.db, parent).await?;
    Ok(Reply::data(Page::whole(found.into_iter().map(Region::show).collect())))
}

/// The whole division as a tree. Failures: 501.
#[utoipa::path(get, path = "/admin/region/list", tag = "staff: regions",
    responses((status = 200, body = Envelope<Page<Province>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>) -> Answer<Page<Province>> {
    Ok(Reply::data(Page::whole(tree(region::all(&app.db).await?))))
}

/// Hangs every region on the one it lies in. Parents come before their children.
fn tree(rows: Vec<RegionRow>) -> Vec<Province> {
    let mut provinces: Vec<Province> = Vec::new();
    let mut province_at: HashMap<u32, usize> = HashMap::new();
    let mut city_at: HashMap<u32, (usize, usize)> = HashMap::new();
    for RegionRow { id, pid, name, kind } in rows {
        if kind == PROVINCE {
            province_at.insert(id, provinces.len());
            provinces.push(Province { id, name, r#type: kind, code: id, children: Vec::new() });
        } else if kind == CITY {
            if let Some(&at) = province_at.get(&pid) {
                let cities = &mut provinces[at].children;
                city_at.insert(id, (at, cities.len()));
                cities.push(City { id, name, r#type: kind, code: id, children: Vec::new() });
            }
        } else if let Some(&(province, city)) = city_at.get(&pid) {
            let county = County { id, name, r#type: kind, code: id };
            provinces[province].children[city].children.push(county);
        }
    }
    provinces
}
