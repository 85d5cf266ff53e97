//! How a simulator starts and ends.

use super::client::Client;
use crate::support::service::options;
use batch::simulate::{Account, Latency, Options, Simulator};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// A port that nothing else takes while a test runs: below those that the system hands out, and another one for each
/// process and `number`.
fn own_port(number: u16) -> u16 {
    12_000 + (std::process::id() % 5_000) as u16 * 2 + number
}

/// Fails unless the simulator at `address` has stopped: it serves nothing more, and soon nobody listens.
///
/// Soon and not at once, since a process that another test is just starting holds a copy of every socket between its
/// fork and its exec. Such a copy takes connections and never serves them, so a request tells it from a simulator.
fn assert_stopped(address: SocketAddr, account: &Account) {
    let served = account.requests().len();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match TcpStream::connect(address) {
            Err(error) => break assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
            Ok(mut connection) => {
                // Nobody may be there to take it.
                let _ = connection.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
                connection.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                assert_eq!(connection.read(&mut [0]).unwrap_or(0), 0, "it still answers");
            }
        }
        assert!(Instant::now() < deadline, "{address} is still listened at");
    }
    assert_eq!(account.requests().len(), served, "it still serves");
}

#[test]
fn it_ends_when_it_is_dropped_and_frees_its_port() {
    let simulator = Simulator::spawn_thread(Options { port: own_port(0), ..options(&[]) }).unwrap();
    let address = simulator.address();
    let mut connection = TcpStream::connect(address).unwrap();
    let account = simulator.account();
    drop(simulator);
    assert_eq!(connection.read(&mut [0]).unwrap_or(0), 0, "its connections are closed");
    assert_stopped(address, &account);
    assert_eq!(account.charges(), 0, "its books stay readable");
    Simulator::spawn_thread(Options { port: address.port(), ..options(&[]) }).unwrap().stop();
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Simulator::spawn_thread(Options { port, ..options(&[]) }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn it_runs_on_the_callers_runtime_too() {
    let simulator = Simulator::start(Options { port: own_port(1), ..options(&[]) }).await.unwrap();
    Client::at(simulator.base_url()).task("@dog runs").await;
    assert_eq!(simulator.account().charges(), 1);
    let (address, account) = (simulator.address(), simulator.account());
    simulator.stop().await;
    // On another thread, so that a simulator that hasn't stopped could answer.
    tokio::task::spawn_blocking(move || assert_stopped(address, &account)).await.unwrap();
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let simulator = Simulator::spawn_thread(Options { idle: Duration::from_millis(50), ..options(&[]) }).unwrap();
    let mut connection = TcpStream::connect(simulator.address()).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connection.write_all(b"GET /__account HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut all = String::new();
    connection.read_to_string(&mut all).unwrap();
    assert!(all.starts_with("HTTP/1.1 200 OK"), "{all}");
    assert_eq!(all.matches("HTTP/1.1").count(), 1, "{all}");
    assert!(!all.to_lowercase().contains("connection: close"), "{all}");
}

#[tokio::test]
async fn generations_in_flight_are_counted_by_their_time() {
    let latency = Latency::fixed(Duration::from_secs(3600));
    let simulator = Simulator::spawn_thread(Options { latency, ..options(&[]) }).unwrap();
    let client = Client::of(&simulator);
    for _ in 0..3 {
        client.task("@dog runs").await;
    }
    assert_eq!(simulator.account().books().most_in_flight, 3);
}
