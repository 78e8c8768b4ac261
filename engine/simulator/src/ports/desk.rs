//! The desk as a process sees it.

use super::through;
use crate::clock::SimClock;
use crate::link::Link;
use contract::ids::{EntryId, Nonce, SaleId, UserId};
use engine::fault::Fault;
use engine::reservation::embedded::EmbeddedDesk;
use engine::reservation::{
    At, Changed, Desk, DeskIdentity, DeskImage, Inspection, Pending, Reply, ReserveCall, ReserveReply,
    Returned, Terms, TokenCall, TokenReply,
};

/// The desk, over a link.
#[derive(Clone)]
pub struct SimDesk {
    port: EmbeddedDesk<SimClock>,
    link: Link,
}

impl SimDesk {
    /// The world's desk over this link.
    pub fn new(link: Link) -> Self {
        Self { port: link.world.desk.clone(), link }
    }
}

impl Desk for SimDesk {
    async fn identity(&self, sale: SaleId) -> Result<DeskIdentity, Fault> {
        through!(self, Look, "desk identity", (), |desk| desk.identity(sale).await)
    }

    async fn token(&self, mut call: TokenCall) -> Result<Reply<TokenReply>, Fault> {
        // The engine names tokens by the system's random numbers; a run must not depend on them.
        for item in &mut call.items {
            item.nonce = self.link.world.nonce();
        }
        through!(self, Act, "desk token", (call), |desk| desk.token(call).await)
    }

    async fn reserve(&self, call: ReserveCall) -> Result<Reply<ReserveReply>, Fault> {
        let world = self.link.world.clone();
        through!(self, Act, "desk reserve", (call, world), |desk| {
            let reply = desk.reserve(call).await;
            if let Ok(Reply::Done(ReserveReply { batch: Some(batch), .. })) = &reply {
                world.oracle().reserved(batch);
            }
            reply
        })
    }

    async fn trim(&self, at: At, entries: &[(EntryId, u16)]) -> Result<Reply<()>, Fault> {
        let (entries, world) = (entries.to_vec(), self.link.world.clone());
        through!(self, Act, "desk trim", (at, entries, world), |desk| {
            let sale = at.sale;
            let reply = desk.trim(at, &entries).await;
            if let Ok(Reply::Done(())) = reply {
                for (entry, _) in entries {
                    world.oracle().trimmed(sale, entry);
                }
            }
            reply
        })
    }

    async fn give_back(&self, at: At, orders: &[(UserId, Nonce)]) -> Result<Reply<Vec<Returned>>, Fault> {
        let orders = orders.to_vec();
        through!(self, Act, "desk return", (at, orders), |desk| desk.give_back(at, &orders).await)
    }

    async fn change(&self, at: At, id: u64, delta: i64) -> Result<Reply<Changed>, Fault> {
        through!(self, Act, "desk change", (at), |desk| desk.change(at, id, delta).await)
    }

    async fn pending(&self, at: At, after: Option<EntryId>, limit: usize) -> Result<Reply<Pending>, Fault> {
        through!(self, Look, "desk pending", (at), |desk| desk.pending(at, after, limit).await)
    }

    async fn find(&self, at: At, user: UserId, nonce: Nonce) -> Result<Reply<bool>, Fault> {
        through!(self, Look, "desk find", (at), |desk| desk.find(at, user, nonce).await)
    }

    async fn open(&self, image: &DeskImage) -> Result<Reply<DeskIdentity>, Fault> {
        let (image, world) = (image.clone(), self.link.world.clone());
        through!(self, Act, "desk open", (image, world), |desk| {
            let reply = desk.open(&image).await;
            if let Ok(Reply::Done(_)) = &reply {
                world.story.tell(format_args!("the desk is built from {image:?}"));
                world.oracle().built(image.sale, image.generation);
            }
            reply
        })
    }

    async fn revise(&self, at: At, terms: &Terms, open: bool) -> Result<Reply<()>, Fault> {
        let terms = terms.clone();
        through!(self, Act, "desk revise", (at, terms), |desk| desk.revise(at, &terms, open).await)
    }

    async fn close(&self, at: At) -> Result<Reply<u64>, Fault> {
        through!(self, Act, "desk close", (at), |desk| desk.close(at).await)
    }

    async fn inspect(&self, sale: SaleId) -> Result<Reply<Inspection>, Fault> {
        through!(self, Look, "desk inspect", (), |desk| desk.inspect(sale).await)
    }

    async fn archive(&self, at: At) -> Result<bool, Fault> {
        through!(self, Act, "desk archive", (at), |desk| desk.archive(at).await)
    }

    async fn revocations(&self, cursor: &str) -> Result<(Vec<String>, String), Fault> {
        let cursor = cursor.to_owned();
        through!(self, Look, "desk revocations", (cursor), |desk| desk.revocations(&cursor).await)
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        through!(self, Look, "desk unfit", (), |desk| desk.unfit().await)
    }
}
