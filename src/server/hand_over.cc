#include "server/hand_over.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <span>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "ring/socket.h"

namespace parley::server {
namespace {

// What each end says. The number is the version of this conversation.
constexpr std::string_view ask = "parley listeners 1";
constexpr std::string_view ready = "ready";

// The kernel passes at most 253 descriptors with a message.
constexpr std::size_t batch_max = 64;
// More than any server has shards.
constexpr std::size_t listeners_max = 4096;
// Successors that wait while one is being served; more is a mistake of somebody's.
constexpr int successors_max = 4;
// Both ends are on one machine: an answer takes microseconds.
constexpr timeval answer_max{.tv_sec = 5, .tv_usec = 0};
// Whoever connects to the path says at once what it wants.
constexpr int ask_max_ms = 5'000;

// After an accept that failed for want of a descriptor.
constexpr int retry_ms = 100;

// A successor has to read its keys and to open its rings meanwhile.
constexpr int ready_max_ms = 60'000;

std::string reason() {
    return std::generic_category().message(errno);
}

void close_all(std::vector<int>& descriptors) noexcept {
    for (const int each : descriptors)
        ring::close_now(each);
    descriptors.clear();
}

bool address_of(const std::string& path, sockaddr_un& out, std::string& error) {
    out = {};
    out.sun_family = AF_UNIX;
    if (path.size() >= sizeof(out.sun_path)) {
        error = fmt::format("the path {} is too long for a Unix socket: at most {} bytes", path,
                            sizeof(out.sun_path) - 1);
        return false;
    }
    std::ranges::copy(path, std::begin(out.sun_path));
    return true;
}

const sockaddr* as_system(const sockaddr_un& address) noexcept {
    return reinterpret_cast<const sockaddr*>(&address);
}

int open_socket() noexcept {
    const int opened = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (opened < 0) return opened;
    setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &answer_max, sizeof(answer_max));
    setsockopt(opened, SOL_SOCKET, SO_SNDTIMEO, &answer_max, sizeof(answer_max));
    return opened;
}

// Whoever is at the other end may have our sockets, or give us theirs.
bool is_trusted(int connection) noexcept {
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

bool say(int connection, std::string_view text) noexcept {
    return send(connection, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
}

bool hear(int connection, std::string_view wanted) noexcept {
    std::array<char, 64> buffer;
    const ssize_t size = recv(connection, buffer.data(), buffer.size(), 0);
    return size > 0 && std::string_view{buffer.data(), static_cast<std::size_t>(size)} == wanted;
}

constexpr std::size_t control_bytes = CMSG_SPACE(batch_max * sizeof(int));

bool send_batch(int connection, std::string_view text, std::span<const int> batch) noexcept {
    alignas(cmsghdr) std::array<char, control_bytes> control{};
    iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(batch.size_bytes());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(batch.size_bytes());
    std::memcpy(CMSG_DATA(head), batch.data(), batch.size_bytes());
    return sendmsg(connection, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// Appends what came to `out`; the number that stands in its text, of all there are to come, or 0.
std::size_t receive_batch(int connection, std::vector<int>& out) {
    alignas(cmsghdr) std::array<char, control_bytes> control{};
    std::array<char, 64> text{};
    iovec part{.iov_base = text.data(), .iov_len = text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    if (size <= 0) return 0;
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
         each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        const std::size_t before = out.size();
        out.resize(before + count);
        std::memcpy(out.data() + before, CMSG_DATA(each), count * sizeof(int));
    }
    std::size_t total = 0;
    std::from_chars(text.data(), text.data() + size, total);
    return total <= listeners_max ? total : 0;
}

}  // namespace

Inheritance::~Inheritance() {
    if (connection_ >= 0) ring::close_now(connection_);
}

bool Inheritance::receive(const std::string& path, std::string& error) {
    sockaddr_un address;
    if (!address_of(path, address, error)) return false;
    connection_ = open_socket();
    if (connection_ < 0) {
        error = fmt::format("cannot open a Unix socket: {}", reason());
        return false;
    }
    if (connect(connection_, as_system(address), sizeof(address)) != 0) {
        // ECONNREFUSED: left over from a server that was killed.
        if (errno == ENOENT || errno == ECONNREFUSED) return true;
        error = fmt::format("cannot ask for listening sockets at {}: {}", path, reason());
        return false;
    }
    std::size_t total = 0;
    if (is_trusted(connection_) && say(connection_, ask)) {
        total = receive_batch(connection_, listeners_);
        while (listeners_.size() < total && receive_batch(connection_, listeners_) == total)
            continue;
    }
    if (total > 0 && listeners_.size() == total) return true;
    close_all(listeners_);
    error = fmt::format(
        "whoever listens at {} gives no sockets away: it runs as another user, ends already, or is "
        "no Parley server",
        path);
    return false;
}

void Inheritance::confirm() noexcept {
    if (!listeners_.empty()) say(connection_, ready);
}

bool HandOver::keep(const std::vector<int>& listeners, std::string& error) {
    event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (const int each : listeners) {
        const int copy = fcntl(each, F_DUPFD_CLOEXEC, 0);
        if (copy >= 0) copies_.push_back(copy);
    }
    if (event_ >= 0 && copies_.size() == listeners.size()) return true;
    error = "no file descriptor is left: raise `ulimit -n` (LimitNOFILE= in systemd)";
    return false;
}

bool HandOver::open(const std::string& path, std::string& error) {
    if (!bind_path(path, error)) return false;
    thread_ = std::thread{[this] { run(); }};
    return true;
}

// Bound under another name and moved, so that there is no moment in which nobody is there.
bool HandOver::bind_path(const std::string& path, std::string& error) {
    const std::string fresh = path + ".new";
    sockaddr_un address;
    if (!address_of(fresh, address, error)) return false;
    for (const std::string& each : {path, fresh}) {
        struct stat there {};
        if (lstat(each.c_str(), &there) != 0 || S_ISSOCK(there.st_mode)) continue;
        error =
            fmt::format("{} is there and is no socket: give --take-over a path of its own", each);
        return false;
    }
    door_ = open_socket();
    unlink(fresh.c_str());
    // Nobody else may connect, and nobody can before it listens.
    const bool ours = door_ >= 0 && bind(door_, as_system(address), sizeof(address)) == 0 &&
                      chmod(fresh.c_str(), S_IRUSR | S_IWUSR) == 0;
    if (!ours || listen(door_, successors_max) != 0 || rename(fresh.c_str(), path.c_str()) != 0) {
        error = fmt::format("cannot wait for a successor at {}: {}", path, reason());
        unlink(fresh.c_str());
        return false;
    }
    path_ = path;
    struct stat there {};
    if (stat(path.c_str(), &there) == 0) inode_ = there.st_ino;
    return true;
}

HandOver::~HandOver() {
    leave();
    close_copies();
    remove_path();
    if (door_ >= 0) ring::close_now(door_);
    if (event_ >= 0) ring::close_now(event_);
}

void HandOver::leave() noexcept {
    leaving_ = true;
    end();
    if (thread_.joinable()) thread_.join();
}

void HandOver::end() noexcept {
    constexpr std::uint64_t one = 1;
    const ssize_t written = write(event_, &one, sizeof(one));
    static_cast<void>(written);
}

void HandOver::close_copies() noexcept {
    close_all(copies_);
}

// Not what a successor has put there.
void HandOver::remove_path() const noexcept {
    struct stat there {};
    if (path_.empty() || stat(path_.c_str(), &there) != 0) return;
    if (there.st_ino == inode_) unlink(path_.c_str());
}

void HandOver::run() noexcept {
    std::array<pollfd, 2> wanted{{{.fd = event_, .events = POLLIN, .revents = 0},
                                  {.fd = door_, .events = POLLIN, .revents = 0}}};
    while (true) {
        if (poll(wanted.data(), wanted.size(), -1) < 0) continue;
        if (wanted[0].revents != 0) break;
        const int connection = accept4(door_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) {  // out of descriptors: who asks waits, and we do not spin
            if (poll(wanted.data(), 1, retry_ms) > 0) break;
            continue;
        }
        const bool succeeded = serve(connection);
        ring::close_now(connection);
        if (!succeeded) continue;
        close_copies();
        return drain_(Reason::succeeded);
    }
    // First, so that the sockets close with the shards' own descriptors.
    close_copies();
    if (!leaving_) drain_(Reason::asked);
}

// True once a successor accepts.
bool HandOver::serve(int connection) noexcept {
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &answer_max, sizeof(answer_max));
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &answer_max, sizeof(answer_max));
    return is_trusted(connection) && says(connection, ask, ask_max_ms) &&
           send_listeners(connection) && says(connection, ready, ready_max_ms);
}

// False at once if the server is to end meanwhile: nobody at the path may hold that up.
bool HandOver::says(int connection, std::string_view word, int max_ms) const noexcept {
    std::array<pollfd, 2> wanted{{{.fd = event_, .events = POLLIN, .revents = 0},
                                  {.fd = connection, .events = POLLIN, .revents = 0}}};
    const int count = poll(wanted.data(), wanted.size(), max_ms);
    return count > 0 && wanted[0].revents == 0 && hear(connection, word);
}

bool HandOver::send_listeners(int connection) const noexcept {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.begin(), text.end(), copies_.size()).ptr;
    const std::string_view total{text.data(), static_cast<std::size_t>(end - text.data())};
    std::span<const int> rest{copies_};
    while (!rest.empty()) {
        const auto batch = rest.first(std::min(rest.size(), batch_max));
        if (!send_batch(connection, total, batch)) return false;
        rest = rest.subspan(batch.size());
    }
    return true;
}

}  // namespace parley::server
