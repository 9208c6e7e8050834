#include "group/refusals.h"

#include <array>
#include <string_view>

#include "wire/value.h"

namespace parley::group {
namespace {

void refuse(session::Post& post, const SessionRef& to, const wire::Event& request, wire::Kind kind,
            std::string_view words) noexcept {
    std::array<std::byte, 32> place;
    const std::size_t size = wire::encode_str(words, place);
    post.tell(to, {.kind = kind,
                   .scope = wire::Scope::group,
                   .from = request.from,
                   .to = request.to,
                   .payload = std::span{place}.first(size)});
}

}  // namespace

void tell_busy(session::Post& post, const SessionRef& to, const wire::Event& request) noexcept {
    refuse(post, to, request, wire::Kind::floor_refused, "Busy");
}

void tell_not_a_member(session::Post& post, const SessionRef& to,
                       const wire::Event& request) noexcept {
    tell_unauthorized(post, to, request);
    refuse(post, to, request, wire::Kind::floor_refused, "Ack Failed");
}

void tell_unauthorized(session::Post& post, const SessionRef& to,
                       const wire::Event& request) noexcept {
    refuse(post, to, request, wire::Kind::not_a_member, "Unauthorized Group");
}

}  // namespace parley::group
