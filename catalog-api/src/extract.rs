//! What handlers take out of a request, as leniently as the stock front ends need it (contract of
//! `/admin` and `/wx`, section 4).

// Who is calling from where.
pub mod client_address;
// Query parameters.
pub mod query;
// Bodies of which single members are picked, and bodies that are an entity.
pub mod body;
pub mod entity;
pub mod loose;
// Bodies that bring a file.
pub mod upload;
// More of what members and parameters can be, for all of the above.
pub mod fields;
pub mod forms;
pub mod link;
// Entities with a page of rich text in them.
pub mod page;
// page, limit, sort, order.
pub mod listing;
// Who is logged in.
pub mod caller;
pub mod shopper;

pub use body::Body;
pub use caller::Caller;
pub use client_address::ClientAddress;
pub use entity::Entity;
pub use listing::Listing;
pub use loose::Loose;
pub use page::PageEntity;
pub use query::Query;
pub use shopper::Shopper;
pub use upload::Upload;
