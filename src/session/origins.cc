#include "session/origins.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace parley::session {
namespace {

struct Scheme {
    std::string_view begin;
    std::string_view usual_port;
};
constexpr Scheme schemes[] = {{"http://", "80"}, {"https://", "443"}};

std::string lower(std::string_view text) {
    std::string copy{text};
    for (char& c : copy) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return copy;
}

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    return problem == std::errc{} && end == text.data() + text.size() && text.front() != '0' &&
           port <= 65535;
}

// What no host contains, and what would end it.
bool is_host(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
        return std::ranges::all_of(text, [&](char c) { return plain(c) || c == ':'; });
    }
    return !text.empty() && std::ranges::all_of(text, plain);
}

// `host` or `host:port`, in lower case, with the port written out; nothing if it is neither.
std::optional<std::string> with_port(std::string_view authority, std::string_view usual_port) {
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    const std::string_view host = has_port ? authority.substr(0, colon) : authority;
    const std::string_view port = has_port ? authority.substr(colon + 1) : usual_port;
    if (!is_host(host) || port.empty() || !is_port(port)) return std::nullopt;
    std::string whole{host};
    whole += ':';
    whole += port;
    return whole;
}

const Scheme* scheme_of(std::string_view origin) {
    for (const Scheme& scheme : schemes) {
        if (origin.starts_with(scheme.begin)) return &scheme;
    }
    return nullptr;
}

// The origin as it is compared; nothing if it is none of a web page: `null`, `file://` and the
// like.
std::optional<std::string> normalized(std::string_view origin) {
    const std::string text = lower(origin);
    const Scheme* scheme = scheme_of(text);
    if (scheme == nullptr) return std::nullopt;
    auto rest = with_port(std::string_view{text}.substr(scheme->begin.size()), scheme->usual_port);
    if (rest) rest->insert(0, scheme->begin);
    return rest;
}

bool is_address(std::string_view host_and_port) {
    const std::string_view host = host_and_port.substr(0, host_and_port.rfind(':'));
    const auto digit = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
    return host == "localhost" || host.front() == '[' || std::ranges::all_of(host, digit);
}

}  // namespace

bool Origins::allow(std::string_view origin) {
    if (origin == "*") return all_ = true;
    auto known = normalized(origin);
    if (!known) return false;
    allowed_.push_back(std::move(*known));
    return true;
}

bool Origins::allows(std::string_view origin, std::string_view host) const {
    if (all_) return true;
    const auto asked = normalized(origin);
    if (!asked) return false;
    if (std::ranges::find(allowed_, *asked) != allowed_.end()) return true;
    // The scheme is the page's: behind a proxy that speaks TLS it is not ours.
    const Scheme& scheme = *scheme_of(*asked);
    const auto own = with_port(lower(host), scheme.usual_port);
    if (!own || asked->substr(scheme.begin.size()) != *own) return false;
    return own_host_ == OwnHost::by_any_name || is_address(*own);
}

}  // namespace parley::session
