//! Parts of the suite at a Redis Cluster: what a key's place changes, and nothing else.

use super::stage::{PREFIX, Stage};
use super::{purchases, rebuild, upkeep};
use contract::ids::SaleId;
use contract::keys::{self, DeskKeys};
use engine::reservation::redis::{RedisDesk, RedisDeskSettings};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use xtask::services::redis_cluster::{RedisCluster, ask};

struct OnCluster {
    cluster: Arc<RedisCluster>,
    desk: RedisDesk,
}

impl OnCluster {
    /// A desk at a cluster that has forgotten everything before.
    fn start(cluster: &Arc<RedisCluster>) -> Self {
        for server in &cluster.servers {
            // A replica refuses, and follows its primary.
            let _ = ask(server.port(), &["FLUSHALL"]);
        }
        let desk = RedisDesk::new(RedisDeskSettings {
            url: cluster.url(),
            prefix: PREFIX.to_owned(),
            connections: 2,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(10),
            require_append_only_always: true,
        })
        .unwrap();
        Self { cluster: cluster.clone(), desk }
    }

    /// Sends a command wherever its key lives.
    fn command(&self, command: &[&str]) -> String {
        ask(self.cluster.servers[0].port(), &[&["-c"], command].concat()).unwrap()
    }
}

impl Stage for OnCluster {
    type Desk = RedisDesk;

    fn desk(&self) -> &RedisDesk {
        &self.desk
    }

    fn keys(&self, sale: SaleId) -> DeskKeys {
        DeskKeys::new(PREFIX, sale)
    }

    async fn add_session(&self, session: &str) {
        self.command(&["SET", &keys::session(PREFIX, session), "somebody", "EX", "600"]);
    }

    async fn revoke_session(&self, session: &str) {
        self.command(&["DEL", &keys::session(PREFIX, session)]);
        self.command(&["XADD", &keys::revocations(PREFIX), "*", "sid", session]);
    }

    async fn forget_key(&self, key: &str) {
        assert_eq!(self.command(&["DEL", key]).trim(), "1", "{key} was there");
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn restart(&mut self) {
        unreachable!("no part that is run here restarts its desk");
    }

    fn patience(&self) -> (usize, u64) {
        (100, 60)
    }
}

#[tokio::test]
async fn keys_of_a_cluster_are_found_where_they_live() {
    let dir = std::env::var_os("MALL_TEST_DIR")
        .map_or_else(std::env::temp_dir, PathBuf::from)
        .join(format!("desk-cluster-{}", std::process::id()));
    let cluster = Arc::new(RedisCluster::start(&dir).unwrap());
    let stage = || OnCluster::start(&cluster);
    purchases::a_token_is_issued_once_and_shown_again(stage()).await;
    purchases::a_token_is_not_shown_to_a_session_that_is_gone(stage()).await;
    purchases::the_largest_batch_fits(stage()).await;
    upkeep::a_used_token_is_found_by_its_buyer_only_and_whatever_became_of_it(stage()).await;
    upkeep::a_settled_desk_is_archived_and_an_unsettled_one_is_not(stage()).await;
    upkeep::revocations_are_followed_by_cursor(stage()).await;
    rebuild::a_desk_is_rebuilt_from_its_image(stage()).await;
    rebuild::every_missing_key_makes_the_desk_absent(stage()).await;
    drop(cluster);
    std::fs::remove_dir_all(dir).unwrap();
}
