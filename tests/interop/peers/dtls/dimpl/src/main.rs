//! A DTLS 1.3 echo server on dimpl, one association after the other, for tests/interop: an implementation of RFC 9147 that is
//! not ours. Prints "port N" when it can be talked to. Its certificate is made on the spot.
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, Output, certificate};

fn main() {
    let config = Arc::new(Config::builder().require_client_certificate(false).build().unwrap());
    let own = certificate::generate_self_signed_certificate().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    println!("port {}", socket.local_addr().unwrap().port());
    let mut datagram = vec![0u8; 65536];
    let mut first: Option<(usize, SocketAddr)> = None;
    loop {
        let (length, peer) = first.take().unwrap_or_else(|| {
            socket.set_read_timeout(None).unwrap();
            socket.recv_from(&mut datagram).unwrap()
        });
        let mut association = Dtls::new_13(config.clone(), own.clone(), Instant::now());
        association.handle_timeout(Instant::now()).unwrap();
        if let Err(error) = association.handle_packet(&datagram[..length]) {
            println!("refused: {error:?}");
            continue;
        }
        first = serve(&socket, &mut association, peer, &mut datagram);
    }
}

/// Until the peer closes, breaks a rule, or another one knocks: whose datagram is then given back.
fn serve(
    socket: &UdpSocket,
    association: &mut Dtls,
    peer: SocketAddr,
    datagram: &mut [u8],
) -> Option<(usize, SocketAddr)> {
    let mut buffer = vec![0u8; 4096];
    loop {
        let mut echo: Vec<Vec<u8>> = vec![];
        let mut closed = false;
        let wake = loop {
            match association.poll_output(&mut buffer) {
                Output::Packet(packet) => drop(socket.send_to(packet, peer)),
                Output::ApplicationData(data) => echo.push(data.to_vec()),
                Output::CloseNotify => closed = true,
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                Output::Timeout(at) => break at,
                _ => {}
            }
        };
        let answers = closed || !echo.is_empty();
        for data in echo {
            association.send_application_data(&data).ok()?;
        }
        if closed {
            println!("close_notify came");
            association.close().ok()?;
        }
        if answers {
            association.handle_timeout(Instant::now()).ok()?;
            continue;
        }
        let wait = wake.saturating_duration_since(Instant::now());
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_millis(200));
        socket.set_read_timeout(Some(wait)).unwrap();
        match socket.recv_from(datagram) {
            Ok((length, from)) if from == peer => {
                if let Err(error) = association.handle_packet(&datagram[..length]) {
                    println!("ended: {error:?}");
                    return None;
                }
            }
            Ok(other) => return Some(other),
            Err(_) => {}
        }
        association.handle_timeout(Instant::now()).ok()?;
    }
}
