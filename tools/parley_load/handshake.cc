// Swarm: how a connection signs in and joins its group.
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/epoll.h>

#include "client/accept_key.h"
#include "client/refusal.h"
#include "client/upgrade.h"
#include "parley_load/swarm.h"

namespace parley::load {
namespace {

using client::Type;

/// Differs between the connections of a run; made again when the answer is checked, not stored.
std::string websocket_key(std::uint32_t number) {
    std::array<char, 16> bytes{};
    std::memcpy(bytes.data(), &number, sizeof number);
    return client::base64({bytes.data(), bytes.size()});
}

}  // namespace

void Swarm::on_connected(std::uint32_t index) {
    Connection& connection = connections_[index];
    if (const int error = client::connect_error(connection.socket.get()); error != 0) {
        return lose(index, Loss::unreachable,
                    fmt::format("cannot reach the server at {}: {}; is it running, and is "
                                "--server right?",
                                run_.options.server.authority(), std::strerror(error)));
    }
    await(index, EPOLLIN);
    connection.state = State::upgrading;
    if (!run_.tls) return ask_upgrade(index);
    secured_[index] = std::make_unique<client::Secured>(run_.tls, run_.options.server.host);
    flush_tls(index);
}

/// Sends what TLS itself has to say.
void Swarm::flush_tls(std::uint32_t index) {
    sealed_.clear();
    secured_[index]->take_output(sealed_);
    if (!sealed_.empty()) send_raw(index, sealed_);
}

/// The plain bytes of what was received. Goes on with the upgrade once the handshake is over.
std::span<std::byte> Swarm::take_in(std::uint32_t index, std::span<const std::byte> sealed) {
    client::Secured& secured = *secured_[index];
    plain_.resize(buffer_.size() + client::Secured::plain_bytes_more);
    const bool was_open = secured.is_open();
    auto plain = secured.take_in(sealed, plain_);
    if (!plain) {
        lose(index, Loss::refused, plain.error().text);
        return {};
    }
    const bool is_open = secured.is_open();
    flush_tls(index);  // it may be lost by this
    if (!was_open && is_open && connections_[index].socket.open()) ask_upgrade(index);
    return *plain;
}

void Swarm::ask_upgrade(std::uint32_t index) {
    const Connection& connection = connections_[index];
    const client::SignIn sign_in{run_.token(connection.number), "parley-load"};
    const std::string request =
        client::upgrade_request(run_.options.server, sign_in, websocket_key(connection.number));
    send(index, std::as_bytes(std::span{request}));
}

/// Takes the response head off the front of `bytes`; gives the frames behind it.
std::span<std::byte> Swarm::finish_upgrade(std::uint32_t index, std::span<std::byte> bytes) {
    Connection& connection = connections_[index];
    std::string& head = heads_[index];
    const std::size_t known_bytes = head.size();
    head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto size = client::response_head_size(head);
    if (!size) {
        if (head.size() > client::response_head_bytes_max) {
            lose(index, Loss::refused, "the server's answer to the upgrade is too long");
        }
        return {};
    }
    const std::string received = std::move(head);
    const std::string_view whole = std::string_view{received}.substr(0, *size);
    heads_.erase(index);
    if (client::response_status(whole) == 401) {
        lose(index, Loss::refused,
             run_.options.jwt_secret.empty()
                 ? "the server refused to sign in (401): it wants signed tokens; give its secret "
                   "with --jwt-secret-file, or start it with --auth trust"
                 : "the server refused to sign in (401): is the secret of --jwt-secret-file its "
                   "own?");
        return {};
    }
    const std::string_view rest = std::string_view{received}.substr(*size);
    if (auto accepted =
            client::read_upgrade_response(whole, rest, websocket_key(connection.number));
        !accepted) {
        lose(index, Loss::refused, accepted.error().text);
        return {};
    }
    connection.state = State::joining;
    join(index);
    return bytes.subspan(*size - known_bytes);
}

/// Joins the group, and asks for an answer, which comes when that is done.
void Swarm::join(std::uint32_t index) {
    const std::uint32_t number = connections_[index].number;
    const std::string user = run_.user_name(number);
    const std::string group = run_.group_name(number / run_.options.group_size);
    const client::Address address{client::Channel::group, user, group};
    client::Bytes message;
    client::Bytes frames;
    client::append_request(message, address, Type::user_add);
    client::append_client_frame(frames, ws::Opcode::binary, message, mask());
    message.clear();
    client::append_request(message, address, Type::connection_test, std::uint64_t{1});
    client::append_client_frame(frames, ws::Opcode::binary, message, mask());
    send(index, frames);
}

void Swarm::on_message(std::uint32_t index, std::span<const std::byte> bytes) {
    Connection& connection = connections_[index];
    const auto message = client::read_server_message(bytes);
    if (!message) return part_->on_malformed(index);
    if (message->type == static_cast<std::uint8_t>(Type::connection_ack)) {
        if (connection.state != State::joining) return;
        connection.state = State::ready;
        --handshake_count_;
        return part_->on_ready(index);
    }
    if (message->type == static_cast<std::uint8_t>(Type::login_duplicated)) {
        return run_.fail("the server says that a user has signed in twice");
    }
    if (client::is_too_many(*message)) {
        return run_.fail(fmt::format("the server refused a request: {}", client::too_many_text));
    }
    part_->on_message(index, *message);
}

}  // namespace parley::load
