using System.Text.Json;

namespace TcpEcho;

/// <summary>One JSON object a line on standard error.</summary>
public static class Log
{
    private static readonly JsonSerializerOptions Options = new()
    {
        // For people and machines, not for a web page: quotes and accents stay as they are.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // Simplified: it waits for a slow reader of the pipe. In production: a bounded queue that counts what it dropped.
    public static void Write(string level, string eventName, params ReadOnlySpan<(string Name, object? Value)> fields)
    {
        var record = new Dictionary<string, object?>
        {
            ["time"] = DateTime.UtcNow.ToString("o"),
            ["level"] = level,
            ["event"] = eventName,
        };
        foreach (var (name, value) in fields) record[name] = value;
        try
        {
            Console.Error.WriteLine(JsonSerializer.Serialize(record, Options));
        }
        catch (IOException)
        {
            // Whoever read our log has gone. That is no reason to stop serving.
        }
    }
}
