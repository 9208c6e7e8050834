// hostile_flood: throws mutated VoicePing frames at a server, over several connections at a time.
//
//   hostile_flood PORT FRAMES SEED
//
// Every frame begins as a valid message of any type and loses that in one of many ways. Most stay
// whole WebSocket frames, so that the decoder behind them is reached; now and then the framing
// itself is broken, or the HTTP head in front, or the connection is reset. A frame that must end
// its connection is the last one sent on it, and each batch ends with a ping that must be answered
// or with the end of the connection: so the server reads every frame counted here, but for the few
// batches during which somebody else logged in under the same name.
// The same seed sends the same bytes. Exits 0 when all frames were sent; 1, with a sentence, when
// the server no longer answers.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t peer_count = 24;
constexpr int patience_ms = 20'000;  // answers take microseconds

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
    bool one_in(std::size_t bound) { return below(bound) == 0; }
    char octet() { return static_cast<char>(engine_() & 0xff); }

private:
    std::mt19937_64 engine_;
};

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "hostile_flood: %s\n", why.c_str());
    std::exit(1);
}

// --- messages ------------------------------------------------------------------------------------

void put_octet(std::string& out, unsigned octet) {
    out += static_cast<char>(octet);
}

void put_string(std::string& out, std::string_view text) {
    if (text.size() < 32) {
        put_octet(out, 0xa0U | static_cast<unsigned>(text.size()));
    } else {
        put_octet(out, 0xd9);
        put_octet(out, static_cast<unsigned>(text.size()));
    }
    out += text;
}

void put_bin(std::string& out, Random& random, std::size_t size) {
    put_octet(out, 0xc4);
    put_octet(out, static_cast<unsigned>(size));
    for (std::size_t i = 0; i < size; ++i)
        out += random.octet();
}

void put_id(std::string& out, Random& random) {
    constexpr std::array<std::string_view, 6> names{"18",        "acme_john", "__proto__",
                                                    "../../etc", "",          "constructor"};
    switch (random.below(6)) {
        case 0:
            return put_octet(out, static_cast<unsigned>(random.below(128)));
        case 1:
            return put_string(out, names[random.below(names.size())]);
        case 2:
            return put_octet(out, 0xc0);
        default:
            return put_string(out, "group-" + std::to_string(random.below(8)));
    }
}

void put_payload(std::string& out, Random& random) {
    switch (random.below(9)) {
        case 0:
            return put_octet(out, 0xc0);
        case 1:  // a double
            put_octet(out, 0xcb);
            for (int i = 0; i < 8; ++i)
                out += random.octet();
            return;
        case 2:  // a map as browsers send their audio
            put_octet(out, 0x83);
            for (unsigned i = 0; i < 3; ++i) {
                put_string(out, std::to_string(i));
                put_octet(out, 0x10 + i);
            }
            return;
        case 3:  // lists inside each other, up to and beyond the bound
            for (std::size_t i = random.below(40); i > 0; --i)
                put_octet(out, 0x91);
            return put_octet(out, 1);
        case 4:
            return put_string(out, R"({"text":"hello","n":[1,2,{"a":null}]})");
        case 5:  // an extension
            out.append("\xd4\x00\x00", 3);
            return;
        case 6:
            put_octet(out, 0xcf);
            for (int i = 0; i < 8; ++i)
                out += random.octet();
            return;
        default:
            return put_bin(out, random, random.below(128));
    }
}

/// A message of any type, on either channel, of three to seven elements.
std::string valid_message(Random& random) {
    const std::size_t count = 3 + random.below(5);
    std::string out;
    put_octet(out, 0x90U | static_cast<unsigned>(count));
    put_octet(out, static_cast<unsigned>(random.below(2)));
    put_octet(out, static_cast<unsigned>(random.below(28)));
    for (std::size_t i = 2; i < count; ++i) {
        if (i < 4) {
            put_id(out, random);
        } else {
            put_payload(out, random);
        }
    }
    return out;
}

void mutate(std::string& message, const std::string& other, Random& random) {
    for (std::size_t changes = random.below(4); changes > 0 && !message.empty(); --changes) {
        const std::size_t at = random.below(message.size());
        switch (random.below(7)) {
            case 0:
                message[at] = static_cast<char>(message[at] ^ (1 << random.below(8)));
                break;
            case 1:
                message[at] = random.octet();
                break;
            case 2:
                message.resize(at);
                break;
            case 3:  // the head of one, the tail of another
                message.replace(at, std::string::npos, other.substr(std::min(at, other.size())));
                break;
            case 4:
                message.insert(at, 1 + random.below(4), random.octet());
                break;
            case 5:  // a length that lies
                message[at] = static_cast<char>(0xc4 + random.below(0x1c));
                break;
            default:
                message += message.substr(at);
        }
        if (message.size() > 4096) message.resize(4096);
    }
}

// --- frames --------------------------------------------------------------------------------------

std::string masked_frame(unsigned first_octet, std::string_view payload, Random& random) {
    std::string out;
    put_octet(out, first_octet);
    if (payload.size() < 126) {
        put_octet(out, 0x80U | static_cast<unsigned>(payload.size()));
    } else {
        put_octet(out, 0x80 | 126);
        put_octet(out, static_cast<unsigned>(payload.size() >> 8));
        put_octet(out, static_cast<unsigned>(payload.size() & 0xff));
    }
    const std::array<char, 4> key{random.octet(), random.octet(), random.octet(), random.octet()};
    out.append(key.data(), key.size());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out += static_cast<char>(payload[i] ^ key[i % 4]);
    }
    return out;
}

/// Something after which the server must hang up.
std::string breaking_frame(const std::string& message, Random& random) {
    std::string out = masked_frame(0x82, message, random);
    switch (random.below(7)) {
        case 0:  // no mask
            out[1] = static_cast<char>(out[1] & 0x7f);
            return out;
        case 1:  // reserved bits
            out[0] = static_cast<char>(out[0] | 0x10 << random.below(3));
            return out;
        case 2:  // reserved opcodes
            out[0] = static_cast<char>(0x83 + random.below(5));
            return out;
        case 3:  // a continuation of nothing
            out[0] = static_cast<char>(0x80);
            return out;
        case 4:  // a huge length
            out.assign("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10);
            return out;
        case 5:  // text that is none
            return masked_frame(0x81, "\xff\xfe", random);
        default:  // a close, well-formed or not
            return masked_frame(0x88, message.substr(0, random.below(20)), random);
    }
}

std::string upgrade(const std::string& user) {
    return "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
           "VoicePingToken: " +
           user + "\r\n\r\n";
}

/// A head that may still be a good one, but ends in any case.
std::string mutated_head(const std::string& user, Random& random) {
    std::string head = upgrade(user);
    for (std::size_t changes = 1 + random.below(4); changes > 0; --changes) {
        const std::size_t at = random.below(head.size());
        switch (random.below(4)) {
            case 0:
                head[at] = random.octet();
                break;
            case 1:
                head.erase(at, 1 + random.below(8));
                break;
            case 2:
                head.insert(at, head.substr(random.below(head.size()), random.below(64)));
                break;
            default:
                head.insert(at, 1 + random.below(3), random.octet());
        }
    }
    return head;
}

// --- peers ---------------------------------------------------------------------------------------

constexpr std::string_view fence_payload = "fence";

/// One hostile client: what it still has to send, and what it waits for.
class Peer {
public:
    enum class Step : std::uint8_t { fenced, ended };

    Peer(std::uint16_t port, std::size_t number) : port_(port), number_(number) {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() {
        if (socket_ >= 0) ::close(socket_);
    }

    bool connected() const { return socket_ >= 0; }
    int socket() const { return socket_; }
    bool has_to_send() const { return sent_ < out_.size(); }
    bool done() const { return done_; }

    void connect(Random& random);
    /// The next frames. Returns how many of them the server will have read.
    std::size_t prepare(Random& random, std::size_t frames_max);
    /// Moves bytes both ways as far as possible. True if what it waited for came.
    bool work(short events);

private:
    void send_some();
    void read_some();
    void scan();
    void hang_up(bool with_reset);

    std::uint16_t port_;
    std::size_t number_;
    int socket_ = -1;
    std::string out_;
    std::size_t sent_ = 0;
    std::string in_;  // from the beginning of the first frame that is not whole
    bool head_seen_ = false;
    bool ending_ = false;  // only the end of the connection is waited for
    bool reset_ = false;   // hang up with RST once all is sent
    bool done_ = false;
};

void Peer::connect(Random& random) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0 ||
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        give_up(std::string{"cannot connect: "} + std::strerror(errno));
    }
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // Now and then as somebody else, who is then logged out.
    const std::size_t who = random.one_in(8) ? random.below(peer_count) : number_;
    const std::string user = "hostile-" + std::to_string(who);
    const bool bad_head = random.one_in(3);
    out_ = bad_head ? mutated_head(user, random) : upgrade(user);
    sent_ = 0;
    in_.clear();
    head_seen_ = bad_head;
    ending_ = bad_head;
    reset_ = false;
    done_ = false;
    // A head that is not whole would be waited for: end the stream behind it.
    if (bad_head) reset_ = random.one_in(2);
}

std::size_t Peer::prepare(Random& random, std::size_t frames_max) {
    done_ = false;
    if (ending_) return 0;
    if (!has_to_send()) {
        out_.clear();
        sent_ = 0;
    }
    std::size_t frames = std::min<std::size_t>(1 + random.below(128), frames_max);
    for (std::size_t i = 0; i < frames; ++i) {
        std::string message = valid_message(random);
        mutate(message, valid_message(random), random);
        const bool last = i + 1 == frames;
        if (last && random.one_in(6)) {
            out_ += breaking_frame(message, random);
            ending_ = true;
            return frames;
        }
        if (message.size() > 2 && random.one_in(50)) {  // in two fragments
            const std::size_t cut = random.below(message.size());
            out_ += masked_frame(0x02, message.substr(0, cut), random);
            out_ += masked_frame(0x80, message.substr(cut), random);
            continue;
        }
        out_ += masked_frame(0x82, message, random);
    }
    if (random.one_in(64)) {  // vanish in the middle of a frame
        out_.resize(out_.size() - 1);
        ending_ = true;
        reset_ = true;
        return frames;
    }
    out_ += masked_frame(0x89, fence_payload, random);
    return frames;
}

void Peer::hang_up(bool with_reset) {
    if (with_reset) {
        const linger now{.l_onoff = 1, .l_linger = 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    ::close(socket_);
    socket_ = -1;
    done_ = true;
}

bool Peer::work(short events) {
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) read_some();
    if (socket_ >= 0 && has_to_send()) send_some();
    return done_;
}

void Peer::send_some() {
    const ssize_t count =
        ::send(socket_, out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
        if (errno == EAGAIN) return;
        return hang_up(false);  // the server was quicker
    }
    sent_ += static_cast<std::size_t>(count);
    if (has_to_send() || !ending_) return;
    if (reset_) return hang_up(true);
    ::shutdown(socket_, SHUT_WR);
}

void Peer::read_some() {
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return hang_up(false);
    if (ending_) return;
    in_.append(buffer.data(), static_cast<std::size_t>(count));
    scan();
}

/// Looks for the pong; everything else that the server says is thrown away.
void Peer::scan() {
    std::size_t at = 0;
    if (!head_seen_) {
        const std::size_t end = in_.find("\r\n\r\n");
        if (end == std::string::npos) return;
        if (!in_.starts_with("HTTP/1.1 101 ")) give_up("a good upgrade was refused: " + in_);
        head_seen_ = true;
        at = end + 4;
    }
    const auto octet = [this](std::size_t i) { return static_cast<unsigned char>(in_[i]); };
    while (in_.size() >= at + 2) {
        std::size_t size = octet(at + 1);
        std::size_t head = 2;
        const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
        if (in_.size() < at + 2 + extended) break;
        if (extended > 0) size = 0;
        for (std::size_t i = 0; i < extended; ++i)
            size = size << 8 | octet(at + head++);
        if (in_.size() < at + head + size) break;
        if (octet(at) == 0x8a && in_.compare(at + head, size, fence_payload) == 0) done_ = true;
        at += head + size;
    }
    in_.erase(0, at);
}

// --- the flood -----------------------------------------------------------------------------------

class Flood {
public:
    Flood(std::uint16_t port, std::size_t frames, std::uint64_t seed)
        : random_(seed), left_(frames) {
        for (std::size_t i = 0; i < peer_count; ++i) {
            peers_.push_back(std::make_unique<Peer>(port, i));
        }
    }

    void run() {
        for (auto& peer : peers_)
            next(*peer);
        while (busy_ > 0)
            turn();
    }

private:
    /// Gives an idle peer something to do, as long as there is.
    void next(Peer& peer) {
        if (left_ == 0) return;
        if (!peer.connected()) peer.connect(random_);
        left_ -= peer.prepare(random_, left_);
        ++busy_;
    }

    void turn() {
        std::array<pollfd, peer_count> waiting{};
        for (std::size_t i = 0; i < peer_count; ++i) {
            waiting[i].fd = peers_[i]->done() ? -1 : peers_[i]->socket();  // -1 is ignored
            waiting[i].events =
                static_cast<short>(peers_[i]->has_to_send() ? POLLIN | POLLOUT : POLLIN);
        }
        const int ready = ::poll(waiting.data(), waiting.size(), patience_ms);
        if (ready == 0) give_up("the server does not answer any more");
        for (std::size_t i = 0; i < peer_count; ++i) {
            if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
            if (!peers_[i]->work(waiting[i].revents)) continue;
            --busy_;
            next(*peers_[i]);
        }
    }

    Random random_;
    std::size_t left_;
    std::size_t busy_ = 0;
    std::vector<std::unique_ptr<Peer>> peers_;
};

template <class Number>
Number number_of(std::string_view text) {
    Number number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        give_up("not a number: " + std::string{text});
    }
    return number;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) give_up("usage: hostile_flood PORT FRAMES SEED");
    const auto frames = number_of<std::size_t>(argv[2]);
    const auto began = std::chrono::steady_clock::now();
    Flood{number_of<std::uint16_t>(argv[1]), frames, number_of<std::uint64_t>(argv[3])}.run();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf("%zu frames in %.1f s\n", frames, took.count());
    return 0;
}
