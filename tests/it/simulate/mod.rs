//! The simulated service as its clients see it: by HTTP.

mod calls;
mod client;
mod faults;
mod running;
