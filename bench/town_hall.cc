// TownHall: signs its members in as their radios would.
#include "town_hall.h"

#include <array>

#include "base/assert.h"
#include "null_ring/outside.h"
#include "ws/frame.h"

namespace parley::bench {
namespace {

constexpr int start = 1;
constexpr int audio = 3;
constexpr int join = 15;
constexpr int listener_socket = 3;
constexpr std::size_t first_socket = 10;
constexpr std::size_t packet_bytes = 80;
constexpr std::size_t frames_max = 16;

int socket_of(std::size_t member) {
    return static_cast<int>(first_socket + member);
}

std::string name_of(std::size_t member) {
    return "member-" + std::to_string(member);
}

std::string str(std::string_view text) {
    return std::string(1, static_cast<char>(0xa0 | text.size())).append(text);
}

/// One masked frame with `[0, type, name, "townhall", payload as bin]`.
std::vector<std::byte> frame(const std::string& name, int type, std::string_view payload) {
    std::string message = "\x95";
    message += '\0';
    message += static_cast<char>(type);
    message += str(name) + str("townhall");
    message += '\xc4';
    message += static_cast<char>(payload.size());
    message += payload;
    std::vector<std::byte> bytes(ws::head_bytes_max);
    // A mask of zeros leaves the bytes as they are, so that they can be received again and again.
    const std::size_t head = ws::write_client_head(ws::Opcode::binary, message.size(), {}, bytes);
    bytes.resize(head);
    const auto content = std::as_bytes(std::span{message});
    bytes.insert(bytes.end(), content.begin(), content.end());
    return bytes;
}

std::unique_ptr<session::Authenticator> trust() {
    session::AuthOptions options;
    options.mode = session::AuthMode::trust;
    std::string error;
    auto created = session::Authenticator::create(std::move(options), error);
    PARLEY_ASSERT(created.has_value());
    return std::make_unique<session::Authenticator>(std::move(*created));
}

}  // namespace

TownHall::TownHall(std::size_t listeners)
    : fabric_({.shards = 1, .hash_key = HashKey::random()}), authenticator_(trust()) {
    std::string error;
    shard_ =
        std::make_unique<Shard>(ShardId{0}, fabric_, ring::Ring::open({}, error), Shard::Options{});
    options_.store = store_.get();
    worker_ = std::make_unique<server::Worker>(*shard_, options_, *authenticator_);
    worker_->start(listener_socket);
    for (std::size_t member = 0; member <= listeners; ++member)
        sign_in(member);
    send(0, start, "press");
    const std::vector<std::byte> one = frame(name_of(0), audio, std::string(packet_bytes, 'v'));
    audio_frame_bytes_ = one.size();
    for (std::size_t i = 0; i < frames_max; ++i)
        audio_.insert(audio_.end(), one.begin(), one.end());
    const std::uint64_t before = sent().sends;
    say(1);
    PARLEY_ASSERT(sent().sends - before == listeners);
}

TownHall::~TownHall() {
    worker_->stop();
    worker_->abort();
    while (!worker_->idle())
        settle();
}

void TownHall::say(std::size_t frames) noexcept {
    arrive(socket_of(0), std::span{audio_}.first(frames * audio_frame_bytes_));
    shard_->turn(Instant::min());
}

void TownHall::sign_in(std::size_t member) {
    std::string request =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "token: " +
        name_of(member) + "\r\n\r\n";
    connect(socket_of(member));
    settle();
    arrive(socket_of(member), std::as_writable_bytes(std::span{request}));
    settle();
    send(member, join, "");
}

void TownHall::send(std::size_t member, int type, std::string_view payload) {
    std::vector<std::byte> bytes = frame(name_of(member), type, payload);
    arrive(socket_of(member), bytes);
    settle();
}

void TownHall::settle() noexcept {
    for (int i = 0; i < 4; ++i)
        shard_->turn(Instant::min());
}

}  // namespace parley::bench
