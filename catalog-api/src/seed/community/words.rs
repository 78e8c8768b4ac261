//! What people say in the demo mall. A review is made of parts that are picked by its number, so that it
//! is the same on every machine.

/// Happy openings, for four and five stars.
const GLAD: [&str; 8] = [
    "Just as in the pictures",
    "Better than I hoped",
    "My mother took it at once",
    "Came well packed and in two days",
    "The second one I bought",
    "Worth its price",
    "Feels solid in the hand",
    "Bought it on a whim and use it daily",
];
/// Openings for three stars.
const CALM: [&str; 4] = [
    "It does what it should",
    "A little smaller than I thought",
    "Fine for the price",
    "Took its time to arrive",
];
/// Openings for less.
const CROSS: [&str; 3] =
    ["The colour is not the one on the screen", "Came with a scratch", "The lid does not sit well"];
/// What follows.
const THEN: [&str; 9] = [
    "the wrapping was lovely too",
    "would buy again",
    "the shop answered my question within the hour",
    "my colleagues have asked where it is from",
    "a gift that pleased",
    "no smell, nothing loose",
    "a month later it still looks new",
    "matches the one we had",
    "recommended by a friend, and rightly",
];
/// What follows where somebody is cross.
const BUT: [&str; 4] =
    ["the shop sent a new one", "I have written to the shop", "still usable", "I keep it for the balcony"];

/// Questions with their answers.
pub(super) const QUESTIONS: [(&str, &str); 10] = [
    ("Does it come in a gift box?", "It does, and a card is in it."),
    ("Can it go into the dishwasher?", "By hand, please; the glaze thanks you."),
    ("How long until it is in Chengdu?", "Three days as a rule."),
    ("Is the large one in stock again?", "Since Monday."),
    ("Which size for two people?", "The smaller one is enough for two."),
    ("Is it made in one piece?", "Yes, nothing is glued."),
    ("May I return it unused?", "Within seven days, yes."),
    ("Is the colour as dark as in the picture?", "A little lighter by daylight."),
    ("Does the price include the lid?", "It does."),
    ("What does it weigh?", "It stands among the specifications, at the bottom."),
];

/// Feedback with its category.
pub(super) const FEEDBACK: [(&str, &str); 6] = [
    ("goods", "Please bring back the plum-coloured cup."),
    ("logistics", "The courier left the parcel with a neighbour and told nobody."),
    ("page", "The search forgets my last words."),
    ("goods", "A smaller tin of the spring tea would sell well."),
    ("service", "The lady on the telephone was very kind, thank you."),
    ("other", "Is there a shop one can visit?"),
];

/// Fishing sessions: name, place, from, to.
pub(super) const SESSIONS: [(&str, &str, &str, &str); 6] = [
    ("Dawn at Heron Lake", "Heron Lake, north pier", "05:30:00", "10:00:00"),
    ("Carp afternoon", "Willow Pond, east bank", "13:00:00", "18:00:00"),
    ("Fly fishing for beginners", "Stone Bridge Brook", "09:00:00", "12:00:00"),
    ("Family Sunday", "Mill Pond", "09:00:00", "16:00:00"),
    ("Evening on the dam", "Cloud Valley Reservoir", "17:00:00", "21:30:00"),
    ("Autumn match", "Heron Lake, south bank", "07:00:00", "15:00:00"),
];

/// Kinds of tickets of each session: name, price, how many, how many for one person.
pub(super) const TICKETS: [(&str, i64, i64, i64); 3] =
    [("bank seat", 6_800, 60, 4), ("pier seat", 9_800, 24, 2), ("spectator", 1_000, 100, 6)];

/// Barbecue stands: name, people, price of a slot.
pub(super) const STANDS: [(&str, i64, i64); 8] = [
    ("Under the oak", 8, 12_000),
    ("By the brook", 6, 9_800),
    ("Sun terrace, left", 10, 15_800),
    ("Sun terrace, right", 10, 15_800),
    ("Rose arbour", 4, 7_800),
    ("Meadow 1", 12, 16_800),
    ("Meadow 2", 12, 16_800),
    ("The long table", 20, 26_800),
];

/// Slots of every stand.
pub(super) const SLOTS: [(&str, &str); 3] =
    [("10:00:00", "14:00:00"), ("14:30:00", "18:30:00"), ("19:00:00", "22:30:00")];

/// Mostly five, often four, seldom less.
pub(super) fn star(number: usize) -> u8 {
    match number * 13 % 20 {
        0 => 1,
        1 => 2,
        2..=4 => 3,
        5..=9 => 4,
        _ => 5,
    }
}

/// A review that fits its stars.
pub(super) fn review(number: usize, star: u8) -> String {
    let pick = |parts: &[&'static str], step: usize| parts[number * step % parts.len()];
    match star {
        4.. => format!("{}, {}.", pick(&GLAD, 3), pick(&THEN, 5)),
        3 => format!("{}; {}.", pick(&CALM, 3), pick(&THEN, 7)),
        _ => format!("{}, but {}.", pick(&CROSS, 2), pick(&BUT, 3)),
    }
}

/// What the shop says to it.
pub(super) fn reply(star: u8) -> &'static str {
    if star >= 4 {
        "Thank you, that pleases us."
    } else {
        "We are sorry; please write to us, we put it right."
    }
}
