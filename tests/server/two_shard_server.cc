#include "two_shard_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "ws/frame.h"

namespace parley::server {

TwoShardServer::TwoShardServer(std::size_t shards) {
    std::string error;
    fabric_ =
        std::make_unique<Fabric>(Fabric::Options{.shards = shards, .hash_key = HashKey::random()});
    session::AuthOptions auth;
    auth.mode = session::AuthMode::trust;
    auto created = session::Authenticator::create(std::move(auth), error);
    PARLEY_ASSERT(created.has_value());
    authenticator_ = std::make_unique<session::Authenticator>(std::move(*created));
    options_.store = store_.get();
    ring::Address address{"127.0.0.1", 0};
    for (std::size_t i = 0; i < shards; ++i) {
        auto ring = ring::Ring::open({}, error);
        PARLEY_ASSERT(ring != nullptr);
        shards_.push_back(std::make_unique<Shard>(static_cast<ShardId>(i), *fabric_,
                                                  std::move(ring), Shard::Options{}));
        workers_.push_back(std::make_unique<Worker>(*shards_[i], options_, *authenticator_));
        Result<int> listener = ring::listen_tcp(address);
        PARLEY_ASSERT(listener.ok());
        port_ = address.port = *ring::local_port(*listener);
        workers_[i]->start(*listener);
    }
}

TwoShardServer::~TwoShardServer() {
    for (auto& worker : workers_)
        worker->stop();
    for (auto& worker : workers_)
        worker->abort();
    const auto busy = [this] {
        for (auto& worker : workers_) {
            if (!worker->idle()) return true;
        }
        return false;
    };
    while (busy())
        pump();
    workers_.clear();
}

void TwoShardServer::pump() {
    for (auto& shard : shards_)
        shard->turn(Instant::min());
}

TestClient::TestClient(TwoShardServer& server, const std::string& user) : user_(user) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server.port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    PARLEY_ASSERT(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(socket_, F_SETFL, O_NONBLOCK);
    const std::string request =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "token: " +
        user + "\r\n\r\n";
    PARLEY_ASSERT(::send(socket_, request.data(), request.size(), 0) ==
                  static_cast<ssize_t>(request.size()));
    for (int turn = 0; turn < 10'000 && !has_received("\r\n\r\n"); ++turn)
        server.pump();
    PARLEY_ASSERT(has_received("\r\n\r\n"));
    forget();
}

TestClient::~TestClient() {
    ::close(socket_);
}

std::string TestClient::frame(int type, const std::string& group, std::string_view payload) const {
    const auto str = [](std::string_view text) {
        return std::string(1, static_cast<char>(0xa0 | text.size())).append(text);
    };
    std::string message = "\x95";
    message += '\0';
    message += static_cast<char>(type);
    message += str(user_) + str(group);
    message += '\xc4';
    message += static_cast<char>(payload.size());
    message += payload;
    std::array<std::byte, ws::head_bytes_max> head;
    // The mask of zeros leaves the payload as it is.
    const std::size_t size = ws::write_client_head(ws::Opcode::binary, message.size(), {}, head);
    std::string frame{reinterpret_cast<const char*>(head.data()), size};
    return frame + message;
}

void TestClient::write(const std::string& bytes) {
    PARLEY_ASSERT(::send(socket_, bytes.data(), bytes.size(), 0) ==
                  static_cast<ssize_t>(bytes.size()));
}

bool TestClient::has_received(std::string_view needle) {
    std::array<char, 4096> buffer;
    ssize_t size = 0;
    while ((size = ::recv(socket_, buffer.data(), buffer.size(), 0)) > 0) {
        received_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return received_.find(needle) != std::string::npos;
}

std::size_t TestClient::drain() {
    std::array<char, 4096> buffer;
    std::size_t total = 0;
    ssize_t size = 0;
    while ((size = ::recv(socket_, buffer.data(), buffer.size(), 0)) > 0) {
        total += static_cast<std::size_t>(size);
    }
    return total;
}

}  // namespace parley::server
