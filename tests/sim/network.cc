// The world's network: descriptors on the server's side, peers on the other.
#include <algorithm>
#include <string>

#include "base/assert.h"
#include "sim/ring_model.h"
#include "sim/world.h"

namespace parley::sim {

// ---- descriptors

int World::open_descriptor() noexcept {
    std::size_t number = 3;
    while (number < descriptors_.size() && descriptors_[number].open())
        ++number;
    if (number == descriptors_.size()) descriptors_.emplace_back();
    return static_cast<int>(number);
}

World::Descriptor& World::used(int descriptor, std::string_view by) {
    const auto number = static_cast<std::size_t>(descriptor);
    if (descriptor < 0 || number >= descriptors_.size() || !descriptors_[number].open() ||
        descriptors_[number].closing) {
        fail(std::string{by} + " of a closed descriptor " + std::to_string(descriptor));
    }
    return descriptors_[number];
}

void World::release(int descriptor) {
    Descriptor& entry = descriptors_[static_cast<std::size_t>(descriptor)];
    if (entry.stream != nullptr) end_stream(*entry.stream);
    if (entry.resets) {
        entry.stream->server_reset = true;
        entry.stream->outbound.clear();
    }
    if (entry.listener != nullptr) {
        for (Stream* waiting : entry.listener->backlog)
            waiting->server_reset = true;
    }
    note("close", descriptor, 0);
    entry = Descriptor{};
}

// Closing a socket with bytes unread makes the kernel send a reset, and what the other side has
// not got by then may be lost.
void World::end_stream(Stream& stream) {
    stream.descriptor = -1;
    stream.server_finished = true;
    if (stream.unread().empty() || stream.broken) return;
    stream.server_reset = true;
    if (random_.chance(faults_.lossy_reset)) {
        stream.outbound.resize(random_.below(stream.outbound.size() + 1));
    }
}

std::size_t World::open_descriptors() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(descriptors_, [](const Descriptor& it) { return it.open(); }));
}

int World::listen(std::uint16_t port) {
    const int number = open_descriptor();
    auto listener = std::make_unique<Listener>();
    listener->port = port == 0 ? next_port_++ : port;
    descriptors_[static_cast<std::size_t>(number)].listener = std::move(listener);
    return number;
}

std::uint16_t World::local_port(int listener) {
    const Descriptor& entry = used(listener, "local_port");
    if (entry.listener == nullptr) fail("local_port of a descriptor that does not listen");
    return entry.listener->port;
}

void World::close_now(int descriptor) {
    check_idle(used(descriptor, "close"));
    release(descriptor);
}

void World::check_idle(const Descriptor& entry) const {
    const bool busy = entry.stream != nullptr
                          ? entry.stream->receive != nullptr || entry.stream->send != nullptr
                          : entry.listener->accept != nullptr;
    if (busy) fail("close of a descriptor with an operation in flight");
}

// ---- peers

Peer& World::connect(std::uint16_t port) {
    Stream& stream = *streams_.emplace_back(std::make_unique<Stream>());
    stream.socket_bytes = faults_.socket_bytes;
    Peer& peer = *peers_.emplace_back(std::make_unique<Peer>(*this, stream));
    Listener* picked = nullptr;
    std::uint64_t candidates = 0;
    for (const Descriptor& entry : descriptors_) {
        if (entry.listener == nullptr || entry.listener->port != port || entry.closing) continue;
        ++candidates;
        if (random_.below(candidates) == 0) picked = entry.listener.get();
    }
    if (picked == nullptr) {
        stream.server_finished = stream.server_reset = true;
        return peer;
    }
    picked->backlog.push_back(&stream);
    poke(picked->accept);
    return peer;
}

void World::poke(Pending* pending) noexcept {
    if (pending != nullptr) pending->ring->poke(*pending);
}

void World::schedule_peer_read(Stream& stream) {
    if (stream.read_scheduled || !stream.peer_reading || stream.peer_gone) return;
    if (stream.outbound.empty()) return;
    stream.read_scheduled = true;
    peer_reads_.push({now_ + jitter(), order_++, &stream});
}

void World::peer_reads(Stream& stream) {
    stream.read_scheduled = false;
    if (!stream.peer_reading || stream.peer_gone || stream.outbound.empty()) return;
    const std::size_t size = stream.outbound.size();
    const std::size_t count = random_.chance(800) ? size : random_.between(1, size);
    stream.arrived.append(stream.outbound, 0, count);
    stream.outbound.erase(0, count);
    poke(stream.send);
    schedule_peer_read(stream);
}

void Peer::write(std::string_view bytes) {
    if (stream_.peer_finished || stream_.broken || stream_.server_reset) return;
    if (stream_.server_finished && stream_.descriptor < 0) {
        stream_.server_reset = true;  // nobody is there any more
        return;
    }
    stream_.inbound.append(bytes);
    world_.poke(stream_.receive);
}

std::string Peer::read() {
    std::string taken;
    taken.swap(stream_.arrived);
    return taken;
}

void Peer::finish() {
    stream_.peer_finished = true;
    world_.poke(stream_.receive);
}

void Peer::close() {
    finish();
    stream_.peer_gone = true;
    stream_.outbound.clear();
    world_.poke(stream_.send);
}

void Peer::reset() {
    stream_.peer_finished = stream_.peer_gone = stream_.broken = true;
    stream_.outbound.clear();
    if (world_.random_.chance(world_.faults_.lossy_reset))
        stream_.inbound_taken = stream_.inbound.size();
    world_.poke(stream_.receive);
    world_.poke(stream_.send);
}

void Peer::stop_reading() {
    stream_.peer_reading = false;
}

void Peer::resume_reading() {
    stream_.peer_reading = true;
    world_.schedule_peer_read(stream_);
}

bool Peer::ended() const noexcept {
    return (stream_.server_finished || stream_.server_reset) && stream_.outbound.empty();
}

}  // namespace parley::sim
