// UDP echo: ROLE=server sends every datagram back, ROLE=client measures what a path does to datagrams.
// brief.md has the contract.
using System.Net.Sockets;
using System.Runtime.InteropServices;
using UdpEcho;

using var stopping = new CancellationTokenSource();

void Stop(PosixSignalContext context)
{
    context.Cancel = true; // ends by Main, and not in the middle of it
    stopping.Cancel();
}

using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    switch (Settings.Read(Environment.GetEnvironmentVariable))
    {
        case ServerSettings settings:
            await EchoServer.RunAsync(settings, port => Console.Out.WriteLine($"READY {port}"), stopping.Token);
            break;
        case ClientSettings settings:
            Console.Out.WriteLine(await EchoClient.MeasureAsync(settings, stopping.Token));
            break;
    }
    return 0;
}
catch (SettingsException error)
{
    Console.Error.WriteLine($"udp-echo: {error.Message}");
    return 1;
}
catch (BindException error)
{
    Console.Error.WriteLine($"udp-echo: {error.Message}");
    return 1;
}
