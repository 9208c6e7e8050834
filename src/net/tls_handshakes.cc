#include "net/tls_handshakes.h"

#include "net/limits.h"

namespace parley::net::tls {

void Handshakes::Place::ask() noexcept {
    if (hook_.linked()) return;
    (began_ ? all_.under_way_line_ : all_.waiting_line_).push_back(*this);
}

void Handshakes::Place::finish() noexcept {
    hook_.unlink();
    if (!began_) return;
    began_ = false;
    --all_.under_way_;
    if (!all_.waiting_line_.empty()) all_.shard_.want_turn();
}

Handshakes::Place* Handshakes::next() noexcept {
    if (!under_way_line_.empty()) return &under_way_line_.front();
    if (!waiting_line_.empty() && under_way_ < handshakes_max) return &waiting_line_.front();
    return nullptr;
}

void Handshakes::run() noexcept {
    Place* place = next();
    if (place == nullptr) return;
    const Instant enough = shard_.ring().now() + handshake_work_max;
    do {
        place->hook_.unlink();
        if (!place->began_) {
            place->began_ = true;
            ++under_way_;
        }
        place->step_();  // does not destroy it: connections end in the loop
        place = next();
    } while (place != nullptr && shard_.ring().now() < enough);
    if (place != nullptr) shard_.want_turn();
}

}  // namespace parley::net::tls
