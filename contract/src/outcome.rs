//! Codes a purchase can end in, with the HTTP status that carries each.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $status:literal $text:literal $title:literal,)+) => {
        /// A stable code of an engine answer that is not a success (`code` in `application/problem+json`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// The word on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// One sentence for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Its place in [`Self::ALL`], for tables of counters and prebuilt answers.
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

codes! {
    /// The request cannot be read.
    BadRequest = 400 "bad_request" "The request cannot be read.",
    /// A member of the body is missing, unknown, or has a value that is not allowed; `field` names it.
    BadField = 400 "bad_field" "A member of the request is missing, unknown or has a value that is not allowed.",
    /// No session, or one that is wrong, expired or revoked.
    Unauthorized = 401 "unauthorized" "Log in first.",
    /// The window has not begun; `starts_at` says when it does.
    NotStarted = 403 "not_started" "The sale has not started.",
    /// The sale's rules do not let this account take part.
    NotEligible = 403 "not_eligible" "This account cannot take part in this sale.",
    /// Not a token of ours, or another buyer's or sale's.
    TokenInvalid = 403 "token_invalid" "The token is not valid for this buyer and sale.",
    /// A token that was valid once: expired, replaced, or of an earlier generation. Ask for a new one.
    TokenStale = 403 "token_stale" "The token is no longer valid; ask for a new one.",
    /// No such path, sale or order, or not the caller's.
    NotFound = 404 "not_found" "There is no such thing.",
    /// The path exists, the method does not.
    MethodNotAllowed = 405 "method_not_allowed" "This method is not allowed here.",
    /// Head, body or connection did not arrive in time.
    RequestTimeout = 408 "request_timeout" "The request took too long to arrive.",
    /// Bought a moment ago; `retry_after_s` says how long to wait.
    CoolingDown = 409 "cooling_down" "Wait before you buy again.",
    /// More units than one order or one buyer may have.
    LimitReached = 409 "limit_reached" "This is more than one order or one buyer may have.",
    /// Nothing left.
    SoldOut = 410 "sold_out" "Sold out.",
    /// The sale is over.
    Ended = 410 "ended" "The sale is over.",
    /// A body needs a Content-Length here.
    LengthRequired = 411 "length_required" "Send a Content-Length.",
    /// The body is larger than allowed.
    BodyTooLarge = 413 "body_too_large" "The body is too large.",
    /// The request target is longer than allowed.
    UriTooLong = 414 "uri_too_long" "The request target is too long.",
    /// This token was used with another body.
    RequestMismatch = 422 "request_mismatch" "This token was used with another body.",
    /// Too many requests of this buyer, address, or altogether.
    TooManyRequests = 429 "too_many_requests" "Too many requests; wait and try again.",
    /// All tokens of the sale are taken; some may come back.
    NoTokenLeft = 429 "no_token_left" "All tokens are taken; try again shortly.",
    /// Larger head than allowed.
    HeadersTooLarge = 431 "headers_too_large" "The request's header fields are too large.",
    /// Something here failed before anything happened.
    Unavailable = 503 "unavailable" "Not possible right now; nothing has happened.",
    /// The sale's desk is not ready or is being rebuilt.
    Recovering = 503 "recovering" "The sale is being prepared; nothing has happened.",
    /// More is accepted than settled; nothing has happened.
    Busy = 503 "busy" "Too much is waiting to be settled; nothing has happened.",
    /// The order may have been accepted: ask again with the same token, or look at the status.
    OrderUnknown = 504 "order_unknown" "It is not known yet whether the order was accepted; repeat the request with the same token.",
}

impl Code {
    /// Seconds for `Retry-After`, for the answers that carry one.
    pub const fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::TooManyRequests
            | Self::NoTokenLeft
            | Self::Unavailable
            | Self::Recovering
            | Self::Busy
            | Self::OrderUnknown => Some(1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_indexes_are_places() {
        for (place, code) in Code::ALL.iter().enumerate() {
            assert_eq!(code.index(), place);
            assert_eq!(Code::ALL.iter().filter(|other| other.name() == code.name()).count(), 1);
        }
    }
}
