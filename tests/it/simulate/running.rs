//! How a simulator starts and ends.

use super::client::Client;
use crate::support::service::{options, simulator};
use batch::simulate::{Latency, Options, Simulator};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

#[test]
fn it_ends_when_it_is_dropped_and_frees_its_port() {
    let simulator = simulator(&[]);
    let address = simulator.address();
    let mut connection = TcpStream::connect(address).unwrap();
    let account = simulator.account();
    drop(simulator);
    assert_eq!(connection.read(&mut [0]).unwrap_or(0), 0, "its connections are closed");
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
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
    let simulator = Simulator::start(options(&[])).await.unwrap();
    Client::at(simulator.base_url()).task("@dog runs").await;
    assert_eq!(simulator.account().charges(), 1);
    let address = simulator.address();
    simulator.stop().await;
    assert!(TcpStream::connect(address).is_err());
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
