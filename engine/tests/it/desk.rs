//! The desk: one suite, run at the embedded desk and at a real Redis, so that they cannot drift apart.
//!
//! What only a wire can do (a lost reply, a full Redis, a lost script) is in [`outages`].

mod cluster;
mod model;
mod outages;
pub(crate) mod proxy;
mod purchases;
mod rebuild;
mod seller;
mod server;
mod stage;
mod upkeep;

macro_rules! on_both_desks {
    ($($module:ident { $($test:ident,)+ })+) => {
        mod embedded_desk {
            $($(
                #[tokio::test]
                async fn $test() {
                    super::$module::$test(super::stage::Embedded::start()).await;
                }
            )+)+
        }

        mod real_redis {
            $($(
                #[tokio::test]
                async fn $test() {
                    super::$module::$test(super::stage::Real::start().await).await;
                }
            )+)+
        }
    };
}

on_both_desks! {
    purchases {
        a_token_is_issued_once_and_shown_again,
        a_purchase_takes_units_and_stands_in_the_outbox,
        the_same_token_again_answers_its_order_with_its_unsettled_batch,
        after_trim_the_repeat_carries_no_batch,
        a_repeat_is_answered_by_a_closed_desk_too,
        another_body_under_the_same_token_is_a_mismatch,
        a_double_click_in_one_batch_is_one_order,
        two_tokens_asked_in_one_batch_by_one_user_are_one_token,
        a_replaced_token_is_stale,
        a_token_of_an_earlier_generation_is_stale,
        a_token_of_another_user_is_stale,
        an_expired_token_is_stale_and_its_place_is_free_again,
        a_buyer_has_at_most_the_units_allowed,
        an_order_has_at_most_the_units_allowed,
        a_sale_sells_out_exactly,
        the_bound_on_unsettled_orders_makes_busy_and_trim_ends_it,
        live_tokens_are_bounded_by_the_budget,
        a_buyer_waits_after_an_order,
        the_window_is_judged_by_the_clock_of_the_desk,
        a_token_is_not_shown_to_a_session_that_is_gone,
        the_largest_batch_fits,
    }
    upkeep {
        a_return_frees_units_once_however_often_it_is_sent,
        two_orders_of_one_buyer_return_in_one_call,
        a_change_is_applied_or_refused_once_and_never_below_zero,
        trim_counts_an_entry_once,
        a_used_token_is_found_by_its_buyer_only_and_whatever_became_of_it,
        pending_shows_the_outbox_in_order_after_a_cursor,
        closing_is_final_for_the_generation,
        older_terms_do_not_replace_newer_ones,
        a_settled_desk_is_archived_and_an_unsettled_one_is_not,
        revocations_are_followed_by_cursor,
        a_restart_makes_another_desk_with_the_same_books,
    }
    rebuild {
        a_desk_is_rebuilt_from_its_image,
        a_desk_in_use_is_not_opened_again_in_its_generation,
        an_older_generation_does_not_replace_a_newer_one,
        a_call_of_another_generation_moves_nothing,
        every_missing_key_makes_the_desk_absent,
        many_buyers_are_loaded_in_parts,
    }
    model {
        scripts_and_model_agree_over_random_operations,
    }
}
