//! The crowd: buyers who ask again as real ones do, click twice, pay, cancel, or let it lapse.

use crate::history::{Answer, Told, transient};
use crate::oracle::Key;
use crate::plan::pick;
use crate::role::{Duty, Role, token_keys};
use crate::world::{World, sid};
use contract::ids::{AddressId, OrderSn, SaleId, UserId};
use contract::outcome::Code;
use engine::purchase::Attempt;
use engine::purchase::answer::{OrderAnswer, TokenAnswer};
use engine::settlement::Ledger as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// How long a buyer's browser waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// After the faults have ended buyers still come for this long.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// One buyer, from arrival to leaving.
pub async fn shop(world: Arc<World>, user: UserId) {
    world.desk.add_session(&sid(user));
    let ends = world.begin + Duration::from_millis(world.plan.chaos_ms) + AFTERWARDS;
    let arrival = world.random().u64(0..world.plan.chaos_ms);
    sleep(Duration::from_millis(arrival)).await;
    let purchases = world.random().u32(1..=3);
    for _ in 0..purchases {
        let sale = SaleId(world.random().u64(1..=world.plan.sales.len() as u64));
        let Some(token) = get_token(&world, user, sale, ends).await else { continue };
        let most = world.plan.sales[sale.0 as usize - 1].limits[0];
        let quantity = world.random().u32(1..=most) as u16;
        let Some(key) = note(&world, user, &token, quantity) else { continue };
        if world.random().u8(..) < 30 {
            // The token is kept for nothing.
            continue;
        }
        let clicks = if world.random().u8(..) < 50 { 2 } else { 1 };
        if clicks == 2 {
            // The second click goes wherever it goes.
            tokio::spawn(buy_once(world.clone(), key));
        }
        if buy(&world, key, ends).await {
            think(&world, 0..=1500).await;
            after(&world, key).await;
        }
    }
}

/// Asks once more for everything that was ever asked for, until each answer is definite.
pub async fn ask_to_the_end(world: Arc<World>, key: Key, deadline: Instant) {
    loop {
        match buy_once(world.clone(), key).await {
            Answer::Promised => return,
            Answer::Refused(code) if !transient(code) => {
                let rows = row(&world, key).await;
                if rows {
                    world.violated(format!("a row, and its token is told {code:?}: {key:?}"));
                }
                return;
            }
            answer if Instant::now() > deadline => {
                world.violated(format!("never definite: {key:?} is still told {answer:?}"));
                return;
            }
            _ => sleep(Duration::from_millis(250)).await,
        }
    }
}

/// Whether the ledger has an order.
pub async fn row(world: &World, (sale, nonce): Key) -> bool {
    let user = world.history.lock().expect("no holder panics").tokens[&(sale, nonce)].user;
    world.ledger.order(OrderSn { sale, nonce }, user).await.expect("a ledger in memory").order.is_some()
}

/// A process that answers, if any does.
fn anyone(world: &World) -> Option<Arc<Role>> {
    let roles = world.roles.lock().expect("no holder panics");
    let serving: Vec<_> =
        roles.iter().filter(|role| role.duty == Duty::Serve && !role.life.dead()).cloned().collect();
    drop(roles);
    if serving.is_empty() { None } else { Some(serving[world.random().usize(..serving.len())].clone()) }
}

/// One request to one process: nothing when it broke off.
async fn ask<T>(role: &Role, request: impl Future<Output = T>) -> Option<T> {
    let answered = async {
        let answer = request.await;
        // A process that stands still sends nothing.
        role.life.running().await;
        answer
    };
    tokio::select! {
        biased;
        () = role.life.died() => None,
        answer = timeout(PATIENCE, answered) => answer.ok(),
    }
}

async fn get_token(world: &Arc<World>, user: UserId, sale: SaleId, ends: Instant) -> Option<String> {
    while Instant::now() < ends {
        let Some(role) = anyone(world) else {
            think(world, 100..=500).await;
            continue;
        };
        let session = world.kit.session(user);
        let answer = ask(&role, role.spine.token(sale, Some(session), FROM)).await;
        let name = &role.life.name;
        match &answer {
            Some(Ok(TokenAnswer { expires_s, .. })) => {
                world
                    .story
                    .tell(format_args!("buyer {user} has a token of {sale} until {expires_s} by {name}"));
            }
            other => {
                world.story.tell(format_args!("buyer {user} has no token of {sale} by {name}: {other:?}"))
            }
        }
        match answer {
            Some(Ok(answer)) => return Some(answer.token),
            Some(Err(refusal)) => match refusal.code {
                Code::LimitReached | Code::Ended => return None,
                // The desk forgot who is logged in.
                Code::Unauthorized => world.desk.add_session(&sid(user)),
                Code::SoldOut if world.random().bool() => return None,
                _ => think(world, 100..=900).await,
            },
            None => think(world, 0..=500).await,
        }
    }
    None
}

fn note(world: &World, user: UserId, token: &str, quantity: u16) -> Option<Key> {
    let claims = token_keys().verify(token).expect("the engine signs what it issues");
    let key = (claims.sale, claims.nonce);
    let told = Told {
        sale: claims.sale,
        user,
        token: token.to_owned(),
        quantity,
        sent: 0,
        promised: false,
        unknown: 0,
        refused: 0,
    };
    // The same live token again was bought with already: another body would only be refused.
    let mut history = world.history.lock().expect("no holder panics");
    if history.tokens.contains_key(&key) {
        return None;
    }
    history.tokens.insert(key, told);
    Some(key)
}

/// Asks until the answer is definite or the buyer gives up; whether there is an order.
async fn buy(world: &Arc<World>, key: Key, ends: Instant) -> bool {
    think(world, 0..=600).await;
    loop {
        match buy_once(world.clone(), key).await {
            Answer::Promised => return true,
            Answer::Refused(code) if !transient(code) => return false,
            _ if Instant::now() >= ends || world.random().u8(..) < 20 => return false,
            _ => think(world, 50..=1200).await,
        }
    }
}

async fn buy_once(world: Arc<World>, key: Key) -> Answer {
    let Some(role) = anyone(&world) else { return Answer::Refused(Code::Unavailable) };
    let told = {
        let mut history = world.history.lock().expect("no holder panics");
        let told = history.tokens.get_mut(&key).expect("a token is noted before it is used");
        told.sent += 1;
        told.clone()
    };
    let attempt = Attempt {
        token: told.token.clone(),
        quantity: told.quantity,
        address: AddressId(0),
        message: String::new(),
    };
    let session = world.kit.session(told.user);
    let answer = match ask(&role, role.spine.order(told.sale, Some(session), FROM, attempt)).await {
        Some(Ok(OrderAnswer::Accepted(_) | OrderAnswer::Again(_))) => Answer::Promised,
        Some(Err(refusal)) if refusal.code == Code::OrderUnknown => Answer::Unknown,
        Some(Err(refusal)) => Answer::Refused(refusal.code),
        None => Answer::Unknown,
    };
    let (user, name) = (told.user, &role.life.name);
    world.story.tell(format_args!("buyer {user} is told {answer:?} by {name}: {} {:?}", key.0, key.1));
    let complaint = world.history.lock().expect("no holder panics").heard(key, &told, answer);
    if let Some(complaint) = complaint {
        world.violated(complaint);
    }
    answer
}

/// What becomes of an order: nothing, paid, paid and refunded, or lapsed.
async fn after(world: &World, key: Key) {
    let sn = OrderSn { sale: key.0, nonce: key.1 };
    for _ in 0..20 {
        if row(world, key).await {
            break;
        }
        sleep(Duration::from_millis(250)).await;
    }
    let choice = pick(&mut world.random(), &["leaves it", "pays", "lets it lapse", "gives it back"]);
    let done = match choice {
        "pays" => world.ledger.pay(sn),
        "lets it lapse" => world.ledger.lapse(sn),
        "gives it back" => world.ledger.pay(sn) && world.ledger.refund(sn),
        _ => false,
    };
    if done {
        world.mall_acted();
        world.story.tell(format_args!("buyer {choice}: {} {:?}", key.0, key.1));
    }
}

async fn think(world: &World, ms: std::ops::RangeInclusive<u64>) {
    let time = world.random().u64(ms);
    sleep(Duration::from_millis(time)).await;
}
