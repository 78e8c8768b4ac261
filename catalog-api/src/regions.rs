//! Loading the administrative division, province to county, which is part of the binary. It is the same
//! for every installation, so that it is loaded with the schema and not with the demo data.

use crate::store::region::{self, RegionRow};
use anyhow::Context;
use sqlx::MySqlPool;

/// Code, parent, level and name in every line; where it is from stands beside it.
const REGIONS: &str = include_str!("../assets/regions/regions.csv");

/// Rows of one statement: four parameters each, of the 65,535 a statement may have.
const ROWS_PER_STATEMENT: usize = 2_000;

/// Loads it in one go, unless all of it is there.
pub async fn load(db: &MySqlPool) -> anyhow::Result<()> {
    let regions = parse(REGIONS)?;
    let mut tx = db.begin().await?;
    if region::count(&mut tx).await? == regions.len() as i64 {
        return Ok(());
    }
    region::clear(&mut tx).await?;
    for some in regions.chunks(ROWS_PER_STATEMENT) {
        region::insert(&mut tx, some).await?;
    }
    Ok(tx.commit().await?)
}

fn parse(text: &str) -> anyhow::Result<Vec<RegionRow>> {
    text.lines().map(|line| row(line).with_context(|| format!("no region: {line}"))).collect()
}

fn row(line: &str) -> Option<RegionRow> {
    let mut cells = line.splitn(4, ',');
    let id = cells.next()?.parse().ok()?;
    let pid = cells.next()?.parse().ok()?;
    let kind = cells.next()?.parse().ok()?;
    Some(RegionRow { id, pid, kind, name: cells.next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_region_lies_in_one_of_the_level_above() {
        let regions = parse(REGIONS).unwrap();
        let kinds: HashMap<u32, u8> = regions.iter().map(|region| (region.id, region.kind)).collect();
        assert_eq!(kinds.len(), regions.len(), "codes are unique");
        for region in &regions {
            let above = if region.pid == 0 { 0 } else { kinds[&region.pid] };
            assert_eq!(above + 1, region.kind, "{region:?}");
            assert!(!region.name.is_empty() && (110_000..830_000).contains(&region.id), "{region:?}");
        }
        let of = |kind: u8| regions.iter().filter(|region| region.kind == kind).count();
        assert_eq!((of(1), of(2), of(3)), (34, 344, 3_311));
    }
}
