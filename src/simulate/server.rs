//! The server: a port on loopback, on the caller's runtime or on a thread of its own.

use super::account::Account;
use super::exchange::Desk;
use super::fault::Rules;
use super::line;
use super::options::Options;
use super::service::Service;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A simulated service that runs on the caller's runtime; dropping it stops it.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    account: Account,
    server: tokio::task::JoinHandle<()>,
    stop: DropGuard,
}

impl Simulator {
    /// Starts a simulated service, which listens when this returns.
    ///
    /// # Errors
    /// Fails if the port is in use.
    pub async fn start(mut options: Options) -> io::Result<Simulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let faults = std::mem::take(&mut options.faults);
        let service = Service::new(options, &faults, address);
        let rules = Rules::new(faults, service.dice());
        let account = service.account().clone();
        let stop = CancellationToken::new();
        let server = tokio::spawn(accept(listener, Arc::new(Desk { service, rules }), stop.clone()));
        Ok(Simulator { address, account, server, stop: stop.drop_guard() })
    }

    /// Starts a simulated service on a thread of its own, which listens when this returns.
    ///
    /// # Errors
    /// Fails if the port is in use, or the thread can't be started.
    pub fn spawn_thread(options: Options) -> io::Result<Running> {
        let (started, starting) = mpsc::sync_channel(1);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("simulator".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(started.send(Err(error))),
            };
            runtime.block_on(async {
                match Simulator::start(options).await {
                    Err(error) => drop(started.send(Err(error))),
                    Ok(simulator) => {
                        // If nobody waits for it any more, `stopped` has been cancelled as well.
                        let _ = started.send(Ok((simulator.address, simulator.account.clone())));
                        stopped.cancelled().await;
                        simulator.stop().await;
                    }
                }
            });
        })?;
        let stop = stop.drop_guard();
        let died = || Err(io::Error::other("the simulator's thread died"));
        let (address, account) = starting.recv().unwrap_or_else(|_| died())?;
        Ok(Running { address, account, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the base URL for a client, as `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its books.
    pub fn account(&self) -> Account {
        self.account.clone()
    }

    /// Stops it: the port is free and every connection is closed when this returns.
    pub async fn stop(self) {
        drop(self.stop);
        // It can't have panicked, and only the end of its runtime aborts it.
        let _ = self.server.await;
    }
}

/// A simulated service on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    account: Account,
    stop: Option<DropGuard>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Returns the base URL for a client, as `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its books.
    pub fn account(&self) -> Account {
        self.account.clone()
    }

    /// Stops it: the port is free and every connection is closed when this returns.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been reported on stderr.
            let _ = thread.join();
        }
    }
}

/// Accepts connections until it is told to stop, and closes them then.
async fn accept(listener: TcpListener, desk: Arc<Desk>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(line::serve(stream, Arc::clone(&desk)))),
                // Most likely out of file descriptors: others are closed in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}
