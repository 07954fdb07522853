using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace UdpEcho;

/// <summary>A variable has a value that the program cannot run with. The message is for the person who set it.</summary>
sealed class SettingsException(string name, string expected, string? value)
    : Exception($"{name} must be {expected}; it is {(value is null ? "not set" : $"\"{value}\"")}");

/// <summary>The program's configuration: read once, and refused as a whole if any of it is wrong.</summary>
abstract record Settings
{
    /// <exception cref="SettingsException">for the first variable that is wrong.</exception>
    public static Settings Read(Func<string, string?> variable)
    {
        var env = new EnvironmentReader(variable);
        return env.Text("ROLE") switch
        {
            null or "server" => new ServerSettings(
                Address: new IPEndPoint(env.Address("HOST"), env.Whole("PORT", 0, 65_535, 7_007)),
                TokensPerSecond: env.Number("RATE_LIMIT_PER_SECOND", 0.001, 1_000_000, 1_000),
                Burst: env.Whole("RATE_LIMIT_BURST", 1, 1_000_000, 1_000),
                MaxSources: env.Whole("MAX_SOURCES", 1, 1_000_000, 10_000),
                LogInterval: env.Milliseconds("LOG_INTERVAL_MS", 10, 1_000)),
            "client" => new ClientSettings(
                Target: new IPEndPoint(env.Address("TARGET_HOST"), env.Whole("TARGET_PORT", 1, 65_535)),
                Count: env.Whole("COUNT", 1, 100_000, 100),
                Interval: env.Milliseconds("INTERVAL_MS", 1, 10),
                Wait: env.Milliseconds("WAIT_MS", 1, 1_000)),
            var role => throw new SettingsException("ROLE", "\"server\" or \"client\"", role),
        };
    }
}

sealed record ServerSettings(
    IPEndPoint Address, double TokensPerSecond, int Burst, int MaxSources, TimeSpan LogInterval) : Settings;

sealed record ClientSettings(IPEndPoint Target, int Count, TimeSpan Interval, TimeSpan Wait) : Settings;

/// <summary>Reads variables; an empty one counts as not set.</summary>
readonly struct EnvironmentReader(Func<string, string?> variable)
{
    const int MaxMilliseconds = 60_000;

    public string? Text(string name) => variable(name) is { Length: > 0 } text ? text : null;

    public IPAddress Address(string name)
    {
        var text = Text(name) ?? "127.0.0.1";
        // Four parts: IPAddress.Parse alone takes "127.1" and "2130706433" for addresses.
        return text.Split('.').Length == 4
            && IPAddress.TryParse(text, out var address)
            && address.AddressFamily == AddressFamily.InterNetwork
            ? address
            : throw new SettingsException(name, "an IPv4 address such as 127.0.0.1", text);
    }

    // #region read-number
    /// <summary>Digits only: no sign, no spaces, no exponent, no group separators.</summary>
    public int Whole(string name, int min, int max, int? fallback = null)
    {
        if (Text(name) is null && fallback is { } value) return value;
        return int.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= min && value <= max
            ? value
            : throw new SettingsException(name, $"a whole number from {min} to {max}", Text(name));
    }
    // #endregion read-number

    public double Number(string name, double min, double max, double fallback)
    {
        if (Text(name) is not { } text) return fallback;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max
            ? value
            : throw new SettingsException(name, FormattableString.Invariant($"a number from {min} to {max}"), text);
    }

    public TimeSpan Milliseconds(string name, int min, int fallback) =>
        TimeSpan.FromMilliseconds(Whole(name, min, MaxMilliseconds, fallback));
}
