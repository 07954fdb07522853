using System.Buffers;
using System.Text;
using System.Text.Json;

namespace UdpEcho;

/// <summary>Structured logs: one JSON object a line, on standard error.</summary>
static class Log
{
    public static void Write(string level, string @event, Action<Utf8JsonWriter>? fields = null) =>
        Console.Error.WriteLine(Json.Line(writer =>
        {
            writer.WriteString("time", DateTime.UtcNow);
            writer.WriteString("level", level);
            writer.WriteString("event", @event);
            fields?.Invoke(writer);
        }));
}

static class Json
{
    /// <summary>One object on one line, written field by field: no reflection, so that the program starts quickly.</summary>
    public static string Line(Action<Utf8JsonWriter> fields)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
