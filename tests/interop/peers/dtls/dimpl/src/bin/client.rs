//! A DTLS 1.3 client on dimpl, for tests/interop. It checks no certificate.
//! usage: client PORT close|wait
//! It says something, prints what came back, closes, and prints what the server did about that; or it waits for the server's end, and
//! answers it.
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, Output, certificate};

/// What the association brought since it was last asked.
#[derive(Default)]
struct News {
    connected: bool,
    data: Vec<u8>,
    closed: bool,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let config = Arc::new(Config::builder().build().unwrap());
    let own = certificate::generate_self_signed_certificate().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(format!("127.0.0.1:{}", arguments[1])).unwrap();
    let mut association = Dtls::new_13(config, own, Instant::now());
    association.set_active(true);
    association.handle_timeout(Instant::now()).unwrap();

    let news = until(&socket, &mut association, 10_000, |news| news.connected);
    println!("{}", if news.connected { "handshake complete" } else { "failed" });
    if arguments[2] == "wait" {
        let news = until(&socket, &mut association, 10_000, |news| news.closed);
        println!("end: {}", if news.closed { "close_notify" } else { "nothing" });
        association.close().unwrap();
        until(&socket, &mut association, 100, |_| false);
        return;
    }
    association.send_application_data(b"over datagrams").unwrap();
    let news = until(&socket, &mut association, 10_000, |news| !news.data.is_empty());
    println!("echo: {}", String::from_utf8_lossy(&news.data));
    association.close().unwrap();
    let news = until(&socket, &mut association, 3_000, |news| news.closed);
    println!("answer: {}", if news.closed { "close_notify" } else { "nothing" });
}

/// Goes on until that is so, or for so long.
fn until(socket: &UdpSocket, association: &mut Dtls, ms: u64, done: impl Fn(&News) -> bool) -> News {
    let deadline = Instant::now() + Duration::from_millis(ms);
    let mut news = News::default();
    let mut buffer = vec![0u8; 4096];
    let mut datagram = vec![0u8; 65536];
    loop {
        let wake = loop {
            match association.poll_output(&mut buffer) {
                Output::Packet(packet) => drop(socket.send(packet)),
                Output::ApplicationData(data) => news.data.extend_from_slice(data),
                Output::Connected => news.connected = true,
                Output::CloseNotify => news.closed = true,
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                Output::Timeout(at) => break at,
                _ => {}
            }
        };
        let now = Instant::now();
        if done(&news) || now >= deadline {
            return news;
        }
        let wait = wake.min(deadline).saturating_duration_since(now);
        socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
        if let Ok(length) = socket.recv(&mut datagram) {
            if let Err(error) = association.handle_packet(&datagram[..length]) {
                println!("ended: {error:?}");
                return news;
            }
        }
        if association.handle_timeout(Instant::now()).is_err() {
            return news;
        }
    }
}
