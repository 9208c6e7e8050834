#include "net/tls_handshakes.h"

#include "net/limits.h"

namespace parley::net::tls {

void Handshakes::Place::ask() noexcept {
    if (hook_.linked()) return;
    (began() ? all_.under_way_line_ : all_.waiting_).push_back(*this);
}

void Handshakes::Place::finish() noexcept {
    hook_.unlink();
    if (!began()) return;
    begun_hook_.unlink();
    --all_.under_way_;
    if (!all_.waiting_.empty()) all_.shard_.want_turn();
}

Handshakes::Place* Handshakes::next() noexcept {
    if (!under_way_line_.empty()) return &under_way_line_.front();
    if (waiting_.empty() || !make_room()) return nullptr;
    return &waiting_.back();
}

// False if all places are taken by those that may still take their time.
bool Handshakes::make_room() noexcept {
    if (under_way_ < handshakes_max) return true;
    Place& oldest = begun_.front();
    const Instant until = oldest.began_at_ + handshake_patience;
    if (shard_.now() < until) {
        shard_.timers().start(timer_, until);
        return false;
    }
    oldest.give_way_();
    oldest.finish();
    return true;
}

void Handshakes::run() noexcept {
    Place* place = next();
    if (place == nullptr) return;
    const Instant enough = shard_.ring().now() + handshake_work_max;
    do {
        place->hook_.unlink();
        if (!place->began()) {
            begun_.push_back(*place);
            place->began_at_ = shard_.now();
            ++under_way_;
        }
        place->step_();  // does not destroy it: connections end in the loop
        place = next();
    } while (place != nullptr && shard_.ring().now() < enough);
    if (place != nullptr) shard_.want_turn();
}

}  // namespace parley::net::tls
