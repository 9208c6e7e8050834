// Sources: the addresses that connections come from, when one has not enough ports for them all.
//
// One address has about 28,000 ports towards one server, fewer if the machine says so, and those
// of closed connections rest for a minute. A server on loopback can be reached from any address of
// 127.0.0.0/8, so 127.0.1.1 and those after it are taken in turn. Pure but for ports_of_machine().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::load {

class Sources final {
public:
    /// Any address will do.
    Sources() noexcept = default;
    /// For `connections` open at once.
    static Sources standing(std::uint32_t connections, std::uint32_t ports_each) noexcept;
    /// For at most `open_max` at once and `rate` new ones a second, whose ports rest after use.
    static Sources passing(std::uint32_t open_max, double rate, std::uint32_t ports_each) noexcept;

    /// The address for connection `number`, in host byte order; 0 if any will do.
    std::uint32_t of(std::uint32_t number) const noexcept {
        return count_ < 2 ? 0 : first + (number / block_) % count_;
    }
    std::uint32_t count() const noexcept { return count_; }

    static constexpr std::uint32_t first = 0x7f000101;  ///< 127.0.1.1

private:
    std::uint32_t count_ = 1;
    std::uint32_t block_ = 1;  ///< consecutive connections from one address
};

/// How many ports of one address to use, from the text of ip_local_port_range: a fifth. Finding a
/// free one among many that are taken takes the kernel long, half a millisecond for the last tenth;
/// loopback has addresses enough.
std::optional<std::uint32_t> parse_port_range(std::string_view text) noexcept;

/// The same of this machine; a cautious number if it does not say.
std::uint32_t ports_of_machine();

}  // namespace parley::load
