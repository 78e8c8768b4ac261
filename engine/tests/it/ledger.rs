//! One suite over both ledgers, so that they cannot drift apart, and what only a real database shows.
//! The books are balanced when any of these tests ends.

mod bench;
mod lifecycle;
mod mariadb;
mod memory;
mod movements;
mod outage;
mod rows;
mod settling;
mod unfit;

/// Every case, against both ledgers.
macro_rules! suite {
    ($($file:ident { $($case:ident,)+ })+) => {
        mod on_memory {
            use super::bench::Bench as _;
            $($(
                #[tokio::test]
                async fn $case() {
                    let bench = super::memory::MemoryBench::new();
                    super::$file::$case(&bench).await;
                    bench.assert_books().await;
                }
            )+)+
        }

        mod on_mariadb {
            use super::bench::Bench as _;
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let bench = super::mariadb::MariaDbBench::new().await;
                    super::$file::$case(&bench).await;
                    bench.assert_books().await;
                }
            )+)+
        }
    };
}

suite! {
    settling {
        orders_settle_once_however_often_and_in_whatever_order_they_come,
        orders_of_an_older_generation_are_void_after_the_barrier,
        a_step_from_another_offset_or_log_is_fenced,
        of_two_settlers_the_second_is_fenced,
        poison_fails_the_step_until_it_may_be_buried,
        poison_is_buried_once_when_the_log_is_read_again,
        units_run_out_in_log_order,
        a_buyer_gets_no_more_than_the_limit_over_several_steps,
        a_large_step_of_several_sales_settles_every_kind,
    }
    movements {
        a_return_is_booked_once,
        a_return_after_reconciling_goes_to_the_resource,
        an_increase_is_booked_once_and_can_be_refused,
        a_decrease_reaches_the_resource_once_and_never_takes_what_is_not_free,
        reconciling_gives_the_unsold_units_back_once_everything_rests,
    }
    lifecycle {
        generation_desk_and_state_move_by_compare_and_set,
        an_image_is_there_once_its_barrier_is_settled,
        an_image_holds_orders_returns_and_changes,
        positions_begin_move_back_and_follow_another_log,
        a_lease_has_one_owner_until_it_ends,
        an_order_is_shown_to_its_buyer_only,
        sales_are_followed_from_arming_to_archiving,
    }
}
