//! Pages and words of the demo shop: details of goods, topics, banners, keywords, common questions.

use super::text::{First, Second};
use crate::art;
use crate::store::ad::{self, Ad};
use crate::store::issue::{self, Issue};
use crate::store::keyword::{self, Keyword};
use crate::store::topic::{self, Topic};
use serde_json::json;
use sqlx::MySqlConnection;

/// The page of goods.
pub(super) fn detail(name: &str, first: &First, second: &Second, pictures: &[String]) -> String {
    let picture =
        |url: &String| format!("<p><img src=\"{url}\" alt=\"{name}\" style=\"max-width:100%\"></p>");
    let choices: String = second
        .choices
        .iter()
        .map(|choice| format!("<li>{}: {}</li>", choice.name, choice.values.join(", ")))
        .collect();
    format!(
        "<p>{name}, from our shelf {} · {}.</p>{}<h3>To choose</h3><ul>{choices}</ul>{}\
         <p>Returned within seven days, repaired as long as we can.</p>",
        first.name,
        second.name,
        pictures.first().map(picture).unwrap_or_default(),
        pictures.get(1).map(picture).unwrap_or_default(),
    )
}

const TOPICS: [(&str, &str, &str, &str, usize, i64); 10] = [
    ("A pot of green tea in four minutes", "Water, leaf, patience", "12k", "cup", 0, 58),
    ("Rooms that are quiet at night", "Light, linen, wool", "8.3k", "lamp", 1, 49),
    ("Sunday at the stove", "One pot, four people", "9.1k", "pot", 2, 32),
    ("What the harvest left us", "Rice, honey, dried fruit", "4.6k", "jar", 3, 19),
    ("Seven days, three shirts", "A small wardrobe that works", "6.7k", "shirt", 4, 29),
    ("Packed in ten minutes", "For a weekend by slow train", "5.2k", "bag", 5, 69),
    ("A morning by the pond", "Rod, float, flask", "7.7k", "rod", 6, 59),
    ("Letters by hand", "Ink that does not hurry", "3.4k", "pen", 7, 36),
    ("Toys that outlive a childhood", "Beech, felt and a little paint", "6.1k", "blocks", 8, 59),
    ("Ten minutes for yourself", "Soap, oil, a good song", "2.9k", "soap", 9, 28),
];

const BANNERS: [(&str, &str, &str, usize); 4] = [
    ("Spring tea is here", "The first pickings of the year", "cup", 0),
    ("Light for long evenings", "Paper lamps that fold flat", "lamp", 1),
    ("By the water", "Rods, floats and folding chairs", "rod", 6),
    ("Small hands", "Wooden toys from three workshops", "bear", 8),
];

const KEYWORDS: [(&str, bool, bool); 10] = [
    ("茶", true, true),
    ("lamp", true, false),
    ("鱼竿", true, false),
    ("linen", true, false),
    ("蜂蜜", true, false),
    ("notebook", true, false),
    ("boots", false, false),
    ("tent", false, false),
    ("headphones", false, false),
    ("风筝", false, false),
];

const ISSUES: [(&str, &str); 6] = [
    ("What does delivery cost?", "Orders from 88 yuan on are delivered free, smaller ones for 8 yuan."),
    ("When does an order leave?", "Within one working day. You see the tracking number in the order."),
    ("Can I send something back?", "Within seven days of receipt, unused. Ask for it in the order."),
    ("Is there an invoice?", "Yes, ask for it in the message of the order, with name and tax number."),
    ("How does group buying work?", "Open a group or join one; when it is full in time, all pay less."),
    ("What is a flash sale?", "Few units, a low price, and a start at a fixed time. One per person."),
];

/// Fills them in; `goods` are ids by category of the first level.
pub(super) async fn fill(db: &mut MySqlConnection, goods: &[Vec<u64>]) -> sqlx::Result<()> {
    for (number, (title, subtitle, read_count, motif, first, price)) in TOPICS.into_iter().enumerate() {
        let leads_to: Vec<u64> = goods.get(first).into_iter().flatten().step_by(5).copied().take(4).collect();
        let (large, small) = (art::banner(motif, number * 13 + 1), art::goods(motif, number * 13 + 5));
        let new = Topic {
            title: title.to_owned(),
            subtitle: subtitle.to_owned(),
            content: format!(
                "<h2>{title}</h2><p>{subtitle}.</p><p><img src=\"{large}\" alt=\"{title}\" \
                 style=\"max-width:100%\"></p><p>We asked the people who make these things how they use them \
                 themselves, and wrote down what they said.</p><p><img src=\"{small}\" alt=\"\" \
                 style=\"max-width:100%\"></p><p>The goods below are the ones we talked about.</p>"
            ),
            price_minor: price * 100,
            read_count: read_count.to_owned(),
            pic_url: large,
            goods_ids: json!(leads_to).to_string(),
            ..Topic::default()
        };
        topic::insert(db, &new).await?;
    }
    for (number, (name, content, motif, first)) in BANNERS.into_iter().enumerate() {
        let leads_to = goods.get(first).and_then(|ids| ids.first());
        let new = Ad {
            name: name.to_owned(),
            content: content.to_owned(),
            url: art::banner(motif, number * 29 + 3),
            link: leads_to.map(u64::to_string).unwrap_or_default(),
            enabled: true,
            ..Ad::default()
        };
        ad::insert(db, &new).await?;
    }
    for (word, is_hot, is_default) in KEYWORDS {
        let new = Keyword { word: word.to_owned(), is_hot, is_default, ..Keyword::default() };
        keyword::insert(db, &new).await?;
    }
    for (question, answer) in ISSUES {
        issue::insert(db, &Issue { question: question.to_owned(), answer: answer.to_owned() }).await?;
    }
    Ok(())
}
