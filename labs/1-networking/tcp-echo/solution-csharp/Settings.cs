using System.Globalization;

namespace TcpEcho;

/// <summary>A variable of the environment that is not valid: its name, what was expected and what came.</summary>
public sealed class BadSettingException(string message) : Exception(message);

/// <summary>What the operator may choose.</summary>
public sealed record Settings(
    string Host, int Port, int MaxConnections, TimeSpan IdleTimeout, TimeSpan ShutdownTimeout)
{
    private const int DayMs = 24 * 60 * 60 * 1000;

    /// <summary>Reads the settings from the environment.</summary>
    /// <exception cref="BadSettingException">The first variable that is not valid.</exception>
    public static Settings Read(Func<string, string?> variable)
    {
        var host = variable("HOST");
        return new Settings(
            string.IsNullOrEmpty(host) ? "127.0.0.1" : host,
            WholeNumber(variable, "PORT", 7007, 0, 65_535),
            WholeNumber(variable, "MAX_CONNECTIONS", 4_096, 1, 1_000_000),
            TimeSpan.FromMilliseconds(WholeNumber(variable, "IDLE_TIMEOUT_MS", 60_000, 1, DayMs)),
            TimeSpan.FromMilliseconds(WholeNumber(variable, "SHUTDOWN_TIMEOUT_MS", 5_000, 1, DayMs)));
    }

    // #region whole-number
    private static int WholeNumber(Func<string, string?> variable, string name, int fallback, int min, int max)
    {
        var text = variable(name);
        if (string.IsNullOrEmpty(text)) return fallback;
        // NumberStyles.None: no sign, no space, no exponent, no thousands separator.
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max)
        {
            return value;
        }
        throw new BadSettingException($"{name} must be a whole number from {min} to {max}; it is \"{text}\"");
    }
    // #endregion whole-number
}
