//! Reads the text that says what the demo shop sells.

use anyhow::{Context, bail};

const TEXT: &str = include_str!("../../../assets/demo/catalogue.txt");

/// What there is.
pub(super) struct Shop {
    /// Name, and what it says of itself.
    pub(super) brands: Vec<(&'static str, &'static str)>,
    /// Categories of the first level.
    pub(super) firsts: Vec<First>,
}

/// A category of the first level.
pub(super) struct First {
    pub(super) name: &'static str,
    pub(super) motif: &'static str,
    /// What is told about its goods, and what it can be.
    pub(super) attributes: Vec<Choice>,
    pub(super) seconds: Vec<Second>,
}

/// A category of the second level.
pub(super) struct Second {
    pub(super) name: &'static str,
    pub(super) motif: &'static str,
    pub(super) unit: &'static str,
    pub(super) price_minor: i64,
    /// What a SKU is chosen by.
    pub(super) choices: Vec<Choice>,
    pub(super) goods: Vec<&'static str>,
}

/// A name and its values.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) values: Vec<&'static str>,
}

/// Reads it.
pub(super) fn shop() -> anyhow::Result<Shop> {
    let mut shop = Shop { brands: Vec::new(), firsts: Vec::new() };
    for line in TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (kind, rest) = line.split_once(' ').context(line)?;
        let cells: Vec<&'static str> = rest.split('|').map(str::trim).collect();
        match (kind, cells.as_slice()) {
            ("*", [name, description]) => shop.brands.push((name, description)),
            ("=", [name, motif, attributes]) => {
                let attributes = choices(attributes)?;
                shop.firsts.push(First { name, motif, attributes, seconds: Vec::new() });
            }
            ("-", [name, motif, unit, price, by, goods]) => {
                let second = Second {
                    name,
                    motif,
                    unit,
                    price_minor: price.parse::<i64>().with_context(|| line.to_owned())? * 100,
                    choices: choices(by)?,
                    goods: goods.split(';').map(str::trim).collect(),
                };
                shop.firsts.last_mut().context(line)?.seconds.push(second);
            }
            _ => bail!("this line of the demo catalogue cannot be read: {line}"),
        }
    }
    Ok(shop)
}

fn choices(text: &'static str) -> anyhow::Result<Vec<Choice>> {
    let choice = |part: &'static str| {
        let (name, values) = part.split_once('=').context(part)?;
        let values = values.split(',').map(str::trim).collect();
        anyhow::Ok(Choice { name: name.trim(), values })
    };
    text.split(';').map(choice).collect()
}
