//! The shop window: what shoppers see of the catalogue, made from several tables and kept by the cache.
//! What differs from shopper to shopper is read anew and put beside it.
//!
//! Deliberately absent: stock in anything that is kept. A page of goods shows the units there are.

pub mod categories;
pub mod goods;
pub mod home;
